"""Many listeners in one process, each little more than its socket, so that they take little of what they measure."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from websockets.uri import parse_uri
from yarl import URL

from services.cli.clients.ear import Ear
from services.cli.clients.tally import Dialect, Heard, NotJoined, Own, Tally, Told
from services.common.clock import now_ms

_JOIN_S = 30.0
"""From the connection's beginning to the answer ``joined``."""
_JOINING = 64
"""Listeners that are on their way in at once."""
_FETCHES = 16
_FETCH_S = 10.0
_CLIPS_WAITING = 1_000


class Grown(msgspec.Struct, frozen=True):
    """What became of those who were to join."""

    listeners: int
    """In all, now."""
    join_ms: list[float]
    """Of each that joined: from the connection's beginning to the answer."""
    refused: dict[str, int]
    """How many did not, by what they were told."""


class Crowd:
    """Listeners of one session. Use as a context manager."""

    def __init__(
        self, url: str, session: str, languages: Sequence[str], fetch_share: float, dialect: Dialect | None = None
    ) -> None:
        """url: the notifier's socket. languages: each listener takes the next. fetch_share: of them, to fetch clips.

        dialect: of a server that isn't ours.
        """
        self._uri = parse_uri(url)
        self._session = session
        self._languages = languages
        self._fetch_share = fetch_share
        self._ears: set[Ear] = set()
        self._number = 0
        self.tally = Tally(dialect or Own())
        self._clips: asyncio.Queue[tuple[str, float]] = asyncio.Queue(_CLIPS_WAITING)
        self._fetchers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_FETCH_S))
        self._fetchers = [asyncio.create_task(self._fetch()) for _ in range(_FETCHES)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fetcher in self._fetchers:
            fetcher.cancel()
        await asyncio.wait(self._fetchers)
        for ear in list(self._ears):
            ear.close()
        await self._http.close()

    async def grow(self, listeners: int, per_s: float) -> Grown:
        """Have so many in all; so many a second set out to join."""
        clock = asyncio.get_running_loop().time
        join_ms: list[float] = []
        refused: Counter[str] = Counter()
        places = asyncio.Semaphore(_JOINING)

        async def one() -> None:
            began_ms = now_ms()
            try:
                await self._join()
                join_ms.append(round(now_ms() - began_ms, 2))
            except NotJoined as fault:
                refused[str(fault)] += 1
            finally:
                places.release()

        began = clock()
        async with asyncio.TaskGroup() as tasks:
            for number in range(listeners - len(self._ears)):
                await places.acquire()
                await asyncio.sleep(max(0.0, began + number / per_s - clock()))
                tasks.create_task(one())
        return Grown(len(self._ears), join_ms, dict(refused))

    async def hear(self, seconds: float) -> Heard:
        """Measure for so long."""
        self.tally.taken()
        await asyncio.sleep(seconds)
        return self.tally.taken()

    async def _join(self) -> None:
        ear = Ear(self, fetches=random.random() < self._fetch_share)  # noqa: S311  (a sample)
        language = self._languages[self._number % len(self._languages)]
        self._number += 1
        try:
            async with asyncio.timeout(_JOIN_S):
                await ear.join(self._uri, self.tally.dialect.join(self._session, language))
        except TimeoutError:
            ear.close()
            raise NotJoined(f"no answer within {_JOIN_S:.0f} s") from None
        except OSError as fault:
            ear.close()
            raise NotJoined(fault.strerror or str(fault)) from fault
        except BaseException:
            ear.close()
            raise
        self._ears.add(ear)

    async def _fetch(self) -> None:
        while True:
            url, noticed_at_ms = await self._clips.get()
            try:
                async with self._http.get(URL(url, encoded=True)) as answer:
                    answer.raise_for_status()
                    await answer.read()
                self.tally.fetched(now_ms() - noticed_at_ms)
            except (aiohttp.ClientError, TimeoutError):
                self.tally.fetched(None)

    # -- told by its listeners --

    def heard(self, told: Told) -> None:
        """A listener that fetches clips was told something that is new."""
        if told.url is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._clips.put_nowait((told.url, now_ms()))

    def gone(self, ear: Ear, why: str) -> None:
        """A listener has lost its connection."""
        if ear in self._ears:
            self._ears.remove(ear)
            self.tally.gone(why)
