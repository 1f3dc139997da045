"""A picture of each state of both pages, on a phone and on a desktop, light and dark: ``make screenshots``.

``python -m tests.pages.screenshots NAME...`` pictures the named states alone.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.e2e.browsing import chromium, microphone
from tests.e2e.talks import IVORY
from tests.interrupted import told_in_a_line
from tests.pages import listener_states, speaker_states
from tests.pages.scripted import site
from tests.pages.visit import DESKTOP, PHONE, Visit, visit

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
_SCREENS = {"phone": PHONE, "desktop": DESKTOP}


async def _picture(at: Visit, name: str) -> None:
    await at.page.mouse.move(0, 0)
    for screen, size in _SCREENS.items():
        await at.page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            await at.page.emulate_media(color_scheme=scheme)
            await at.page.screenshot(path=FOLDER / f"{name}-{screen}-{scheme}.png", animations="disabled")


async def main() -> None:
    states = [*listener_states.STATES, *speaker_states.STATES]
    wanted = [(name, reach) for name, reach in states if not sys.argv[1:] or name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        speech = microphone(Path(folder), IVORY, before_s=0.0)
        async with chromium(speech) as browser, site() as web:
            for number, (name, reach) in enumerate(wanted, start=1):
                print(f"{number:3d}/{len(wanted)}  {name}", flush=True)  # noqa: T201 (a command)
                async with visit(browser, web) as at:
                    await reach(at)
                    await _picture(at, name)
    print(FOLDER)  # noqa: T201


if __name__ == "__main__":
    with told_in_a_line():
        asyncio.run(main())
