"""``python -m tests.bench.browser``: what the web apps cost a browser, and how late a browser's listener hears.

One talk between two Chromiums, one with the speaker's page and one with a listener's, so that each one's CPU is known.
"""

import asyncio
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from playwright.async_api import Browser, Page

from services.cli.clients.audio import duration_s
from services.cli.stack import Platform, Ports
from services.cli.stack.web import BUILT
from tests.e2e.browsing import ListenerPage, Site, SpeakerPage, chromium, microphone, new_page, site, until
from tests.e2e.heard import Spread, lag_figures
from tests.e2e.published import all_published, until_captured
from tests.e2e.talks import IVORY
from tests.interrupted import told_in_a_line

OUT = Path("out/browser.json")

_BEFORE_S = 3.0
_LOADS = 5
_SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
"""Lighthouse's: 150 ms there and back, 1.6 and 0.75 Mbit/s."""
_WATCH = """
  window.benchTasks = [];
  new PerformanceObserver((list) => benchTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask', buffered: true });
  new MutationObserver(() => {
    if (document.querySelector('button.primary') !== null) window.benchUsableMs ??= performance.now();
  }).observe(document, { childList: true, subtree: true });
"""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a page took during the talk."""

    cpu_s_per_s: dict[str, float]
    """CPU seconds per second of the talk, by the browser's kinds of process."""
    long_tasks: int
    """Times that the page's main thread was busy for more than 50 ms."""
    longest_task_ms: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """``browser.json``."""

    capture: Cost
    playback: Cost
    heard: dict[str, Spread]
    listener_usable_on_slow_4g_ms: float
    """From opening the link to a page that can be used, nothing cached; median of five."""
    gzipped_bytes: dict[str, int]
    """Everything that a page may ever load."""


async def measure() -> Figures:
    """Give the talk, then load the page again and again."""
    with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
        place = Path(folder)
        async with (
            Platform(ports=Ports.free(), data=place / "data", logs=place / "logs") as platform,
            site(platform) as web,
            chromium(microphone(place, IVORY, _BEFORE_S)) as speaking,
            chromium() as listening,
        ):
            known = platform.provisioned
            speaker = SpeakerPage(await _opened(speaking, web.door.speaker_page))
            await speaker.sign_in(known.demo_speaker, known.demo_password)
            await speaker.create("Ivory")
            link = f"{web.door.listener_page}?tap#{speaker.session_id}"
            listener = ListenerPage(await _opened(listening, link))
            usable_ms = median([await _usable_ms(listening, link) for _ in range(_LOADS)])
            await listener.listen("Português")
            await speaker.go_on_air()
            before = [await _cpu_s(browser) for browser in (speaking, listening)]
            length_s = _BEFORE_S + duration_s(IVORY)
            await until_captured(platform.broker.cluster, speaker.session_id, length_s * 1000)
            after = [await _cpu_s(browser) for browser in (speaking, listening)]
            capture, playback = [
                await _cost(page, *cpu, length_s)
                for page, cpu in zip((speaker.page, listener.page), zip(before, after, strict=True), strict=True)
            ]
            heard = await _heard(web, speaker, listener)
        return Figures(
            capture=capture,
            playback=playback,
            heard=heard,
            listener_usable_on_slow_4g_ms=round(usable_ms),
            gzipped_bytes=_sizes(),
        )


async def _opened(browser: Browser, url: str) -> Page:
    page = await new_page(browser, "about:blank", [])
    await page.add_init_script(_WATCH)
    await page.goto(url)
    return page


async def _usable_ms(browser: Browser, url: str) -> float:
    page = await new_page(browser, "about:blank", [])
    await page.add_init_script(_WATCH)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", _SLOW_4G)
    await page.goto(url)
    await until(page, "window.benchUsableMs !== undefined")
    usable_ms: float = await page.evaluate("benchUsableMs")
    await page.context.close()
    return usable_ms


async def _cpu_s(browser: Browser) -> dict[str, float]:
    """CPU seconds so far, by kind of process."""
    devtools = await browser.new_browser_cdp_session()
    processes: list[dict[str, Any]] = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    await devtools.detach()
    seconds: dict[str, float] = {}
    for process in processes:
        seconds[process["type"]] = seconds.get(process["type"], 0.0) + process["cpuTime"]
    return seconds


async def _cost(page: Page, before: Mapping[str, float], after: Mapping[str, float], length_s: float) -> Cost:
    tasks: list[float] = await page.evaluate("benchTasks")
    return Cost(
        cpu_s_per_s={kind: round((after[kind] - before.get(kind, 0.0)) / length_s, 3) for kind in after},
        long_tasks=len(tasks),
        longest_task_ms=round(max(tasks, default=0.0)),
    )


async def _heard(web: Site, speaker: SpeakerPage, listener: ListenerPage) -> dict[str, Spread]:
    await speaker.end()
    talk = await all_published(web.stack.cluster, speaker.session_id, ["pt"])
    await listener.heard_through("pt", talk.promised("pt")[-1])
    return lag_figures(await listener.take(), talk, "pt")


def _sizes() -> dict[str, int]:
    said = subprocess.run(
        ["node_modules/.bin/size-limit", "--json"], cwd=BUILT.parent, capture_output=True, text=True, check=False
    ).stdout
    return {entry["name"]: entry["size"] for entry in json.loads(said)}


if __name__ == "__main__":
    with told_in_a_line():
        figures = asyncio.run(measure())
    OUT.parent.mkdir(exist_ok=True)
    written = msgspec.json.format(msgspec.json.encode(figures)).decode()
    OUT.write_text(written + "\n")
    print(written)  # noqa: T201
