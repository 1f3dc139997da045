"""The web apps in Chromium: their site on a stack of its own, and what a speaker and a listener do with their pages."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from services.cli.clients.audio import read, resample, write_wav
from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.forwarder import Forwarder
from services.cli.stack.ports import HOST, free_ports
from services.cli.stack.web import Door, served
from tests.e2e.heard import TAKE, Heard, heard_through

_CAPTURE_RATE = 48_000
_STEP_MS = 20_000
"""For one thing to happen on a page, on a busy machine."""
_TALK_MS = 180_000
_LOOK_S = 0.1
_FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-gpu",
    "--disable-renderer-backgrounding",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@dataclass(frozen=True)
class Site:
    """Both pages, as ``dragoman up`` serves them; ingest and notifier are reached by ways that can be cut."""

    stack: Stack
    door: Door
    to_ingest: Forwarder
    to_notifier: Forwarder


@asynccontextmanager
async def site(platform: Platform) -> AsyncIterator[Site]:
    """Four services of its own on the platform, and the pages."""
    ports = replace(Ports.free(), aws=platform.aws.port)
    to_ingest, to_notifier = (
        Forwarder(HOST, port, to) for port, to in zip(free_ports(2), (ports.ingest, ports.notifier), strict=True)
    )
    door = Door(ports=replace(ports, ingest=to_ingest.port, notifier=to_notifier.port))
    async with (
        Stack(platform, running=True, ports=ports, env=door.environment) as stack,
        to_ingest,
        to_notifier,
        served(door.config(platform.provisioned), door.clips, door.ports.web),
    ):
        yield Site(stack, door, to_ingest, to_notifier)


@asynccontextmanager
async def chromium(microphone: Path | None = None, *, autoplay: bool = True) -> AsyncIterator[Browser]:
    """Debian's Chromium, or what ``DRAGOMAN_CHROMIUM`` names.

    microphone: a WAV that it hears once. autoplay: whether pages may be heard before somebody touches them.
    """
    program = os.environ.get("DRAGOMAN_CHROMIUM") or shutil.which("chromium")
    assert program, "no Chromium: run 'scripts/setup --tests'"
    flags = [*_FLAGS]
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    if autoplay:
        flags.append("--autoplay-policy=no-user-gesture-required")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


def microphone(folder: Path, recording: Path, before_s: float) -> Path:
    """A recording as Chromium's microphone takes it, after some silence."""
    speech = resample(*read(recording), _CAPTURE_RATE)
    path = folder / f"{recording.stem}.wav"
    write_wav(path, np.concatenate([np.zeros(round(before_s * _CAPTURE_RATE), np.float32), speech]), _CAPTURE_RATE)
    return path


async def new_page(browser: Browser, url: str, faults: list[str]) -> Page:
    """A page in a profile of its own. faults: gets what the page's scripts and the browser complain of."""
    context = await browser.new_context(locale="en-US", viewport={"width": 1000, "height": 900})
    context.set_default_timeout(_STEP_MS)
    page = await context.new_page()
    page.on("pageerror", lambda fault: faults.append(f"{page.url}: {fault}"))
    await page.goto(url)
    return page


async def until(page: Page, expression: str, limit_ms: float = _STEP_MS) -> None:
    """Wait for an expression to be true; Playwright's own way needs a page that allows eval. Raises TimeoutError."""
    async with asyncio.timeout(limit_ms / 1000):
        while not await page.evaluate(expression):  # noqa: ASYNC110 (a page is no event)
            await asyncio.sleep(_LOOK_S)


class SpeakerPage:
    """What a speaker does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session_id = ""

    async def sign_in(self, email: str, password: str) -> None:
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self._press("Sign in")

    async def create(self, title: str) -> None:
        """A talk in English, ready to begin."""
        await self.page.get_by_label("Title").fill(title)
        await self.page.get_by_label("You speak").select_option("en")
        await self._press("Create and get ready")
        link = await self.page.locator("a[href*='listener.html#']").get_attribute("href")
        self.session_id = (link or "").partition("#")[2]

    async def go_on_air(self) -> None:
        """What the microphone gives before it is on air is missed."""
        await self._press("Turn on the microphone")
        await self._press("Go on air")
        await self.on_air()

    async def on_air(self) -> None:
        """Wait until listeners can hear."""
        await expect(self.page.get_by_text("Listeners hear you.")).to_be_visible(timeout=_STEP_MS)

    async def end(self) -> None:
        await self._press("End")
        await self._press("End the talk")
        await expect(self.page.get_by_role("heading", name="The talk is over")).to_be_visible(timeout=_STEP_MS)

    async def _press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()


class ListenerPage:
    """What a listener does."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def listen(self, language: str) -> None:
        """language: its own name."""
        await self.page.get_by_role("radio", name=language).check()
        await self.page.get_by_role("button", name="Listen", exact=True).click()

    async def switch(self, code: str) -> None:
        await self.page.get_by_label("Language").select_option(code)

    async def heard_clips(self, count: int, language: str) -> None:
        """Wait until so many clips of a language have begun."""
        await until(
            self.page, f"dragomanTap?.clips.filter(clip => clip.language === {language!r}).length >= {count}", _TALK_MS
        )

    async def heard_through(self, language: str, index: int) -> None:
        """Wait until a clip has been heard to its end."""
        await until(self.page, heard_through(language, index), _TALK_MS)

    async def take(self) -> Heard:
        """What was played since the last time."""
        return Heard.of(await self.page.evaluate(TAKE))

    async def read(self) -> str:
        """The captions as the page gives them to keep."""
        async with self.page.expect_download() as downloading:
            await self.page.get_by_role("button", name="SRT", exact=True).first.click()
        path = await (await downloading.value).path()
        return path.read_text(encoding="utf-8")

    def lag(self) -> Locator:
        """The badge."""
        return self.page.get_by_test_id("lag")
