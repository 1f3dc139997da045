"""Firefox over WebDriver BiDi, which it speaks by itself: as much of it as the tests need.

Playwright drives only a Firefox of its own.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from services.cli.stack.process import Process, base_environment

_START_S = 60.0
_STOP_S = 5.0
_ANSWER_S = 60.0
_LOOK_S = 0.1
_LONGEST_ANSWER = 64 * 1024 * 1024

_PREFERENCES = {
    # A microphone without a question.
    "media.navigator.permission.disabled": True,
    # Nothing but what the test opens.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


class BrowserFault(Exception):
    """Firefox refused a command, or a script failed in the page."""


class Window:
    """One page, in a window of its own."""

    def __init__(self, firefox: "Firefox", context: str) -> None:
        self._firefox = firefox
        self._context = context

    async def open(self, url: str) -> None:
        """Return once it has loaded."""
        await self._firefox.ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def ask(self, expression: str) -> Any:
        """The value of an expression, or of its promise; a person's click counts as having gone before it."""
        answer = await self._firefox.ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(value => JSON.stringify(value ?? null))",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise BrowserFault(f"{expression}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    async def until(self, expression: str, limit_s: float = 30.0) -> Any:
        """Wait for an expression to be true; its value. Raises TimeoutError."""
        async with asyncio.timeout(limit_s):
            while not (value := await self.ask(expression)):  # noqa: ASYNC110 (a page is no event)
                await asyncio.sleep(_LOOK_S)
        return value


class Firefox:
    """A running Firefox. One command at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a command. Raises BrowserFault, TimeoutError."""
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(_ANSWER_S):
            while (answer := json.loads(await self._socket.recv())).get("id") != number:
                pass
        if answer["type"] == "error":
            raise BrowserFault(f"{method}: {answer['error']}: {answer['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def page(self) -> Window:
        """A new, empty one."""
        return Window(self, (await self.ask("browsingContext.create", type="window"))["context"])


@asynccontextmanager
async def firefox(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Firefox]:
    """Debian's Firefox ESR, or what ``DRAGOMAN_FIREFOX`` names, with a profile of its own in the folder.

    environment: beyond what every program gets; without a sound card in it Firefox neither captures nor plays.
    """
    program = os.environ.get("DRAGOMAN_FIREFOX") or shutil.which("firefox-esr")
    assert program, "no Firefox: run 'scripts/setup --tests'"
    profile = folder / "firefox"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = Process(
        "firefox",
        [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
        log=folder / "firefox.log",
        env=base_environment() | dict(environment),
    )
    try:
        where = profile / "WebDriverBiDiServer.json"
        await process.wait_until(lambda: where.exists() and where.stat().st_size > 0, _START_S)
        said = msgspec.json.decode(where.read_bytes())
        address = f"ws://{said['ws_host']}:{said['ws_port']}/session"
        async with connect(address, max_size=_LONGEST_ANSWER, proxy=None) as socket:
            running = Firefox(socket)
            await running.ask("session.new", capabilities={})
            yield running
            with contextlib.suppress(BrowserFault):
                await running.ask("session.end")
    finally:
        await process.stop(_STOP_S)
