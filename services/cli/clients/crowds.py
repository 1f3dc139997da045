"""Crowds in processes of their own: one crowd over several of them."""

import asyncio
import importlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise

import msgspec
import uvloop

from services.cli.clients.crowd import Crowd, Grown
from services.cli.clients.helpers import Helper, helper, obey
from services.cli.clients.tally import Dialect, Heard

_PROCESSES = 2


class _Begin(msgspec.Struct, frozen=True, tag="begin"):
    """A crowd's first order."""

    url: str
    session: str
    languages: tuple[str, ...]
    fetch_share: float
    dialect: str


class _Grow(msgspec.Struct, frozen=True, tag="grow"):
    listeners: int
    per_s: float


class _Hear(msgspec.Struct, frozen=True, tag="hear"):
    seconds: float


_orders: "msgspec.json.Decoder[_Begin | _Grow | _Hear]" = msgspec.json.Decoder(_Begin | _Grow | _Hear)


class Crowds:
    """All of them. Methods raise HelperFailed."""

    def __init__(self, processes: Sequence[Helper]) -> None:
        self._processes = processes

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, session: str, languages: Sequence[str], fetch_share: float, dialect: str = ""
    ) -> AsyncIterator["Crowds"]:
        """Nobody yet. Arguments as of ``Crowd``; the session may be a secret, so it isn't on a command line.

        dialect: ``MODULE:CLASS`` of a ``Dialect``, for a server that isn't ours.
        """
        begin = _Begin(url, session, tuple(languages), fetch_share, dialect)
        async with AsyncExitStack() as opened:
            processes = [await opened.enter_async_context(helper(__name__)) for _ in range(_PROCESSES)]
            await asyncio.gather(*(process.ask(begin, bool) for process in processes))
            yield cls(processes)

    @property
    def pids(self) -> list[int]:
        """Of its processes."""
        return [process.pid for process in self._processes]

    async def grow(self, listeners: int, per_s: float) -> Grown:
        """As ``Crowd.grow``."""
        shares = [listeners * number // _PROCESSES for number in range(_PROCESSES + 1)]
        orders = [_Grow(most - least, per_s / _PROCESSES) for least, most in pairwise(shares)]
        grown = await asyncio.gather(
            *(one.ask(order, Grown) for one, order in zip(self._processes, orders, strict=True))
        )
        return Grown(
            sum(one.listeners for one in grown),
            [took for one in grown for took in one.join_ms],
            total([one.refused for one in grown]),
        )

    async def hear(self, seconds: float) -> Heard:
        """As ``Crowd.hear``."""
        return together(await asyncio.gather(*(one.ask(_Hear(seconds), Heard) for one in self._processes)))


def together(heard: Sequence[Heard]) -> Heard:
    """What several crowds were told."""
    return Heard(
        [delay for one in heard for delay in one.delays_ms],
        [lag for one in heard for lag in one.caption_lags_ms],
        sum(one.lost for one in heard),
        sum(one.repeated for one in heard),
        total([one.closed for one in heard]),
        [took for one in heard for took in one.clips_ms],
        sum(one.unfetched for one in heard),
    )


def total(counts: Sequence[dict[str, int]]) -> dict[str, int]:
    """Counts by reason, added up."""
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return dict(found)


async def _main() -> None:
    async with AsyncExitStack() as opened:
        crowds: list[Crowd] = []

        async def do(order: _Begin | _Grow | _Hear) -> object:
            match order:
                case _Begin():
                    crowd = Crowd(order.url, order.session, order.languages, order.fetch_share, _dialect(order.dialect))
                    crowds.append(await opened.enter_async_context(crowd))
                    return True
                case _Grow(listeners, per_s):
                    return await crowds[0].grow(listeners, per_s)
                case _Hear(seconds):
                    return await crowds[0].hear(seconds)

        await obey(_orders, do)


def _dialect(name: str) -> Dialect | None:
    if not name:
        return None
    module, _, kind = name.partition(":")
    dialect: Dialect = getattr(importlib.import_module(module), kind)()
    return dialect


if __name__ == "__main__":
    uvloop.run(_main())
