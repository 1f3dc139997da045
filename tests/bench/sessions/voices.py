"""Many talks in one process of its own: each a speaker at real pace, and two listeners in two languages."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import numpy as np
import uvloop
from numpy.typing import NDArray

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.connection import GaveUp, Refused, socket_url
from services.cli.clients.crowd import Crowd
from services.cli.clients.crowds import together, total
from services.cli.clients.helpers import Helper, helper, obey
from services.cli.clients.microphone import play_as_captured
from services.cli.clients.sessions import Sessions
from services.cli.clients.speaker import Speaker
from services.cli.clients.tally import Heard
from tests.e2e.talks import BABYLON

LANGUAGES = ("pt", "es")
_SPREAD_S = 8.0
"""In which new speakers begin, so that they don't speak in step."""
_REFUSED_WITHIN_S = 3.0


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """Where the services are, and a speaker's token."""

    ingest_url: str
    notifier_url: str
    token: str


class Add(msgspec.Struct, frozen=True, tag="add"):
    """Begin so many talks more."""

    talks: int


class Hear(msgspec.Struct, frozen=True, tag="hear"):
    """Measure for so long."""

    seconds: float


class Added(msgspec.Struct, frozen=True):
    """What became of those that were to begin."""

    talks: int
    """That go on, in all."""
    refused: dict[str, int]
    """Those that were not let in, or that ended since, by what the speaker was told."""


class Voices:
    """Several such processes. Methods raise HelperFailed."""

    def __init__(self, helpers: list[Helper]) -> None:
        self._helpers = helpers

    @classmethod
    @asynccontextmanager
    async def open(cls, begin: Begin, processes: int = 2) -> AsyncIterator["Voices"]:
        """Nobody speaks yet."""
        async with AsyncExitStack() as opened:
            helpers = [await opened.enter_async_context(helper(__name__)) for _ in range(processes)]
            await asyncio.gather(*(one.ask(begin, bool) for one in helpers))
            yield cls(helpers)

    @property
    def pids(self) -> list[int]:
        """Of the processes."""
        return [one.pid for one in self._helpers]

    async def add(self, talks: int) -> Added:
        """Begin so many more, within seconds; return when it is known who was let in."""
        shares = [(talks + number) // len(self._helpers) for number in range(len(self._helpers))]
        added = await asyncio.gather(
            *(one.ask(Add(share), Added) for one, share in zip(self._helpers, shares, strict=True))
        )
        return Added(sum(one.talks for one in added), total([one.refused for one in added]))

    async def hear(self, seconds: float) -> Heard:
        """What all listeners were told in this time."""
        return together(await asyncio.gather(*(one.ask(Hear(seconds), Heard) for one in self._helpers)))


class _Talks:
    """Of this process."""

    def __init__(self, begin: Begin, sessions: Sessions, opened: AsyncExitStack, floor: NDArray[np.int16]) -> None:
        self._begin = begin
        self._sessions = sessions
        self._opened = opened
        self._floor = floor
        self._crowds: dict[asyncio.Task[None], Crowd] = {}
        self._refused: Counter[str] = Counter()

    async def add(self, talks: int) -> Added:
        self._refused.clear()
        await asyncio.gather(*(self._add_one() for _ in range(talks)))
        await asyncio.sleep(_REFUSED_WITHIN_S)
        return Added(len(self._crowds), dict(self._refused))

    async def hear(self, seconds: float) -> Heard:
        return together(await asyncio.gather(*(crowd.hear(seconds) for crowd in self._crowds.values())))

    async def _add_one(self) -> None:
        await asyncio.sleep(random.uniform(0.0, _SPREAD_S))
        session_id = (await self._sessions.create("A talk", "en", LANGUAGES)).session_id
        crowd = Crowd(socket_url(self._begin.notifier_url, "/listen"), session_id, LANGUAGES, 0.0)
        await self._opened.enter_async_context(crowd)
        joined = await crowd.grow(len(LANGUAGES), per_s=100.0)
        for why, count in joined.refused.items():
            self._refused[f"listener: {why}"] += count
        speaking = asyncio.create_task(self._speak(session_id))
        self._crowds[speaking] = crowd
        speaking.add_done_callback(self._crowds.pop)

    async def _speak(self, session_id: str) -> None:
        url = socket_url(self._begin.ingest_url, "/speak")
        try:
            await Speaker(url, session_id, self._begin.token, play_as_captured(self._floor, loop=True)).run()
        except (Refused, GaveUp) as fault:
            self._refused[str(fault)] += 1


async def _main() -> None:
    floor = read_floor_audio(BABYLON)
    async with AsyncExitStack() as opened:
        talks: list[_Talks] = []

        async def do(order: Begin | Add | Hear) -> object:
            match order:
                case Begin():
                    sessions = await opened.enter_async_context(Sessions(order.ingest_url, order.token))
                    talks.append(_Talks(order, sessions, opened, floor))
                    return True
                case Add(more):
                    return await talks[0].add(more)
                case Hear(seconds):
                    return await talks[0].hear(seconds)

        await obey(msgspec.json.Decoder(Begin | Add | Hear), do)


if __name__ == "__main__":
    uvloop.run(_main())
