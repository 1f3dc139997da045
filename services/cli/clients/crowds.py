"""Crowds in processes of their own: many listeners get more than one core, and give way to what they measure."""

import asyncio
import os
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import msgspec
import uvloop

from services.cli.clients.crowd import Crowd, Grown, Heard
from services.cli.errors import CliError
from services.common.open_files import raise_open_files

_PROCESSES = 2
_NICENESS = 10
_ANSWER_BYTES = 2**28
"""Longest line: a number for every notice to every listener."""
_STOP_S = 5.0

A = TypeVar("A", Grown, Heard)


class CrowdFailed(CliError):
    """A crowd's process ended. The message says so."""


class _Begin(msgspec.Struct, frozen=True, tag="begin"):
    """A crowd's first order; each is a line, and each but this one is answered by a line."""

    url: str
    session: str
    languages: tuple[str, ...]
    fetch_share: float


class _Grow(msgspec.Struct, frozen=True, tag="grow"):
    listeners: int
    per_s: float


class _Hear(msgspec.Struct, frozen=True, tag="hear"):
    seconds: float


@dataclass(frozen=True)
class _Process:
    """One crowd's process."""

    pid: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def tell(self, order: _Begin | _Grow | _Hear) -> None:
        """Raises CrowdFailed."""
        try:
            self.writer.write(msgspec.json.encode(order) + b"\n")
            await self.writer.drain()
        except ConnectionError as fault:
            raise CrowdFailed("a process of the crowd has ended: it said why") from fault

    async def ask(self, order: _Grow | _Hear, kind: type[A]) -> A:
        """Raises CrowdFailed."""
        await self.tell(order)
        line = await self.reader.readline()
        if not line:
            raise CrowdFailed("a process of the crowd has ended: it said why")
        return msgspec.json.decode(line, type=kind)


class Crowds:
    """One crowd over several processes."""

    def __init__(self, processes: Sequence[_Process]) -> None:
        self._processes = processes

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, session: str, languages: Sequence[str], fetch_share: float
    ) -> AsyncIterator["Crowds"]:
        """Nobody yet. Arguments as of ``Crowd``; the session may be a secret, so it isn't on a command line."""
        async with AsyncExitStack() as opened:
            processes = [await opened.enter_async_context(_process()) for _ in range(_PROCESSES)]
            for process in processes:
                await process.tell(_Begin(url, session, tuple(languages), fetch_share))
            yield cls(processes)

    @property
    def pids(self) -> list[int]:
        """Of its processes."""
        return [process.pid for process in self._processes]

    async def grow(self, listeners: int, per_s: float) -> Grown:
        """As ``Crowd.grow``. Raises CrowdFailed."""
        shares = [listeners * number // _PROCESSES for number in range(_PROCESSES + 1)]
        orders = [_Grow(most - least, per_s / _PROCESSES) for least, most in pairwise(shares)]
        grown = await asyncio.gather(
            *(one.ask(order, Grown) for one, order in zip(self._processes, orders, strict=True))
        )
        return Grown(
            sum(one.listeners for one in grown),
            [took for one in grown for took in one.join_ms],
            _sum([one.refused for one in grown]),
        )

    async def hear(self, seconds: float) -> Heard:
        """As ``Crowd.hear``. Raises CrowdFailed."""
        heard = await asyncio.gather(*(one.ask(_Hear(seconds), Heard) for one in self._processes))
        return Heard(
            [delay for one in heard for delay in one.delays_ms],
            sum(one.lost for one in heard),
            sum(one.repeated for one in heard),
            _sum([one.closed for one in heard]),
            [took for one in heard for took in one.clips_ms],
            sum(one.unfetched for one in heard),
        )


def _sum(counts: Sequence[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


@asynccontextmanager
async def _process() -> AsyncIterator[_Process]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            stdin=theirs.fileno(),
            start_new_session=True,  # Ctrl-C is for us
        )
    reader, writer = await asyncio.open_connection(sock=ours, limit=_ANSWER_BYTES)
    try:
        yield _Process(process.pid, reader, writer)
    finally:
        writer.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _main() -> None:
    """A crowd that does what it is told until nobody is there to tell it."""
    os.nice(_NICENESS)
    raise_open_files()
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=sys.stdin.fileno()))
    begin = msgspec.json.decode(await reader.readline(), type=_Begin)
    orders: msgspec.json.Decoder[_Grow | _Hear] = msgspec.json.Decoder(_Grow | _Hear)
    async with Crowd(begin.url, begin.session, begin.languages, begin.fetch_share) as crowd:
        while line := await reader.readline():
            match orders.decode(line):
                case _Grow(listeners, per_s):
                    answer: Grown | Heard = await crowd.grow(listeners, per_s)
                case _Hear(seconds):
                    answer = await crowd.hear(seconds)
            writer.write(msgspec.json.encode(answer) + b"\n")
            await writer.drain()


if __name__ == "__main__":
    uvloop.run(_main())
