"""Where faults happen: the whole system, with a way to each of its doors that can be harmed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from services.cli.clients.connection import socket_url
from services.cli.stack import Platform, Ports, Stack
from tests.faults.engines import ORDERS, Orders
from tests.faults.moment import MOMENT
from tests.faults.recording import Wristwatch
from tests.faults.way import Way

_ROOM = {"DRAGOMAN_LIVE_SESSIONS": "64"}
"""A run that is given up leaves talks behind."""


class Harmless(Exception):
    """A fault that did not do what it is for: its run proves nothing."""


@dataclass
class Scene:
    """Everything that a fault may lay hands on."""

    platform: Platform
    stack: Stack
    to_ingest: Way
    """The speakers' only."""
    to_notifier: Way
    """The listeners'."""
    to_aws: Way
    """The services', and the listeners' to clips."""
    engines: Orders
    """To engines that do as they are told, where the fault has the services run with them."""
    moment: Orders
    """To services that send themselves a signal, where the fault has them run so: see ``moment``."""
    random: Random
    watch: Wristwatch = field(default_factory=Wristwatch)
    """All speakers'."""
    in_word: Callable[[], bool] = lambda: True
    """Whether the first speaker is in the middle of a word."""
    crash_speakers: Callable[[], None] = lambda: None
    """Speakers' machines die, with all that they had not sent."""
    revive_speakers: Callable[[], None] = lambda: None
    """They are there again, and go on in the same sessions with what is said from now on."""
    going_on: "asyncio.Task[None] | None" = None
    """What a fault does while it lasts."""
    seen: int = 0
    """What faults saw that they had done: processes that ended, requests that were refused."""
    ran: list[str] = field(default_factory=list)
    """Names of what happened, where a fault consists of several."""
    proofs: list[tuple[str, Callable[[], bool]]] = field(default_factory=list)
    """What must have happened by the end of the talks, or the fault was Harmless."""

    @property
    def harmed(self) -> int:
        """All harm that was seen."""
        return self.seen + sum(way.harmed for way in (self.to_ingest, self.to_notifier, self.to_aws))

    @property
    def speak_url(self) -> str:
        return socket_url(f"http://127.0.0.1:{self.to_ingest.port}", "/speak")

    @property
    def listen_url(self) -> str:
        return socket_url(f"http://127.0.0.1:{self.to_notifier.port}", "/listen")

    def prove(self) -> None:
        """Raises Harmless."""
        for what, happened in self.proofs:
            if not happened():
                raise Harmless(f"not by the end of the talks: {what}")

    async def see(self, happened: Callable[[], bool], what: str, within_s: float = 20.0) -> None:
        """Wait until the harm is done. Raises Harmless."""
        try:
            async with asyncio.timeout(within_s):
                while not happened():  # noqa: ASYNC110 (a process is no event)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise Harmless(f"not within {within_s:g} s: {what}") from None
        self.seen += 1


@asynccontextmanager
async def scene(
    platform: Platform, random: Random, folder: Path, commands: Mapping[str, tuple[str, ...]]
) -> AsyncIterator[Scene]:
    """Four services on this platform, started for one run and stopped after it.

    folder: of the run. commands: see ``Stack``.
    """
    ports, engines, moment = Ports.free(), Orders(folder / "engines"), Orders(folder / "moment")
    async with AsyncExitStack() as opened:
        to_aws = await opened.enter_async_context(Way(platform.aws.port))
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{to_aws.port}",
            ORDERS: str(engines.path),
            MOMENT: str(moment.path),
        } | _ROOM
        stack = await opened.enter_async_context(
            Stack(platform, running=True, ports=ports, env=environment, commands=commands)
        )
        yield Scene(
            platform=platform,
            stack=stack,
            to_ingest=await opened.enter_async_context(Way(ports.ingest)),
            to_notifier=await opened.enter_async_context(Way(ports.notifier)),
            to_aws=to_aws,
            engines=engines,
            moment=moment,
            random=random,
        )
