"""Somebody on one of the pages: what they do, what they see, and what the browser complains of meanwhile."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.e2e.browsing import until
from tests.pages.scripted import TALK, Services, Site

STEP_MS = 10_000.0
"""For one thing to happen on a page, on a busy machine."""
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 320, "height": 640}
"""The narrowest that WCAG asks for (1.4.10)."""

_OF_THE_NETWORK = ("Failed to load resource", "WebSocket connection to")
"""What Chromium writes to the console where the script has a service refuse or be away."""
_STORE = """([local, session]) => {
  try {
    for (const [name, value] of Object.entries(local)) localStorage.setItem(name, value);
    for (const [name, value] of Object.entries(session)) sessionStorage.setItem(name, value);
  } catch {}
}"""


@dataclass
class Visit:
    """A page in a profile of its own."""

    page: Page
    site: Site
    services: Services
    faults: list[str] = field(default_factory=list)
    """What the page's scripts and the browser complain of, and what the page asked of strangers."""

    async def listener(self, name: str = TALK, *, tap: bool = False, **preferences: Any) -> None:
        """Open the listener's page. name: what its link names. preferences: as the page had kept them."""
        if preferences:
            await self._store({"dragoman.listener": json.dumps(preferences)}, {})
        await self.page.goto(f"{self.site.listener_page}{'?tap' * tap}#{name}")

    async def listen(
        self, language: str = "Português", how: str = "Listen", *, tap: bool = False, **preferences: Any
    ) -> None:
        """Open the talk, choose a language by its own name, and begin. tap: for ``heard``."""
        await self.listener(tap=tap, **preferences)
        await self.page.get_by_role("radio", name=language).check()
        await self.press(how)

    async def captioned(self, index: int) -> None:
        """Wait for the caption of an index."""
        await expect(self.page.locator(f"[data-index='{index}']")).to_be_attached()

    async def heard(self, *indexes: int) -> None:
        """Wait until the last of these clips has begun, and see that there were no others, each once and in order."""
        await until(self.page, f"dragomanTap?.clips.at(-1)?.index === {indexes[-1]}")
        assert await self.page.evaluate("dragomanTap.clips.map(clip => clip.index)") == list(indexes)

    async def speaker(self, *, signed_in: bool = True, on_air: bool = False) -> None:
        """Open the speaker's page. on_air: as one that is loaded again in the 13th minute of a talk."""
        local, session = (self.services.signed_in() if signed_in else {}), {}
        if on_air:
            since_ms = time.time() * 1000 - 754_000
            local["dragoman.speaker.began"] = json.dumps({"sessionId": TALK, "sinceMs": since_ms})
            session["dragoman.on-air"] = json.dumps(self.services.talk)
        await self._store(local, session)
        await self.page.goto(self.site.speaker_page)
        if on_air:
            await self.see("Listeners hear you.")

    async def spoken(self, frames: int) -> None:
        """Wait until so many frames have come."""
        async with asyncio.timeout(STEP_MS / 1000):
            while len(self.services.frames) < frames:  # noqa: ASYNC110 (nobody tells of each)
                await asyncio.sleep(0.05)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def see(self, words: str | re.Pattern[str]) -> None:
        """Wait for words to be on the page."""
        await expect(self.shown(words).first).to_be_visible()

    def shown(self, words: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_text(words).filter(visible=True)

    async def _store(self, local: dict[str, str], session: dict[str, str]) -> None:
        await self.page.add_init_script(f"({_STORE})({json.dumps([local, session])})")


@asynccontextmanager
async def visit(browser: Browser, web: Site, services: Services | None = None) -> AsyncIterator[Visit]:
    """A page on a phone that is about to be opened. services: those of the site as they are; else it gets new ones."""
    context = await browser.new_context(locale="en-US", viewport=PHONE)
    context.set_default_timeout(STEP_MS)
    page = await context.new_page()
    visiting = Visit(page, web, services or web.renew())
    _watch(visiting)
    try:
        yield visiting
    finally:
        await context.close()


def _watch(visiting: Visit) -> None:
    page, faults = visiting.page, visiting.faults
    own = {urlsplit(url).netloc for url in (visiting.site.listener_page, visiting.services.origin)}

    def ask(url: str) -> None:
        at = urlsplit(url)
        if at.scheme not in ("blob", "data") and at.netloc not in own:
            faults.append(f"a stranger was asked: {url}")

    page.on("pageerror", lambda fault: faults.append(f"fault: {fault}"))
    page.on(
        "console",
        lambda message: (
            faults.append(f"console: {message.text}")
            if message.type == "error" and not message.text.startswith(_OF_THE_NETWORK)
            else None
        ),
    )
    page.on("request", lambda request: ask(request.url))
    page.on("websocket", lambda socket: ask(socket.url))
