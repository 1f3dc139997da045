"""Who listens to what: a view of the ``audience`` topic, kept in step by reading it.

Notifiers repeat their counts every 30 s, so a count that was not repeated for long is that of a dead notifier. How old
one is, is told by its own time only as it comes (it may come long after); from then on it ages by our steady clock.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from services.common.clock import now_ms, steady_ms
from services.common.contracts import Audience

STALE_MS = 90_000
"""A count that was not repeated for so long is ignored."""
LINGER_MS = 210_000
"""So long after the last sign of a listener their language still goes on: whoever lost the connection tries to come
back for three minutes, and may have been counted last half a minute before. Then nothing of it is remembered."""
_LOOK_S = 5.0


class Listeners(NamedTuple):
    """Of one language of one session, over all notifiers."""

    listeners: int = 0
    hearing: int = 0
    """Those of them who take speech."""
    speech_wanted: bool = False
    """Whether anybody takes speech, or did within ``LINGER_MS``."""
    wanted_for_ms: float = 0.0
    """Since when somebody has listened, or might have come back."""


class _Known(NamedTuple):
    record: Audience
    said_at_ms: float
    """By the steady clock, as the other."""
    heard_at_ms: float
    """The last sign of somebody who takes speech, the leaving of the last one included."""
    since_ms: float
    """From then on there was a sign of somebody at least every ``LINGER_MS``, at this notifier or another."""


class _Received(Protocol):
    @property
    def record(self) -> Any: ...


class AudienceView:
    """Counts by session and language. ``clock``: steady ms. ``wall``: what records are stamped with, Unix ms."""

    def __init__(self, clock: Callable[[], float] = steady_ms, wall: Callable[[], float] = now_ms) -> None:
        self._clock = clock
        self._wall = wall
        self._records: dict[str, dict[tuple[str, str], _Known]] = {}
        self._told: dict[str, dict[str, tuple[int, int]]] = {}
        self._callbacks: list[Callable[[str], None]] = []

    async def run(self, records: AsyncIterator[_Received]) -> None:
        """Follow the topic (``LogReader.follow()``) for ever; forget what gets stale."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._expire_regularly())
            async for received in records:
                self.apply(received.record)

    def apply(self, record: Audience) -> None:
        """Take one record in, and call back if it changes the counts."""
        known = self._records.setdefault(record.session_id, {})
        before = known.get((record.language, record.notifier_id))
        if before is None or before.record.listeners or record.listeners:  # a repeated zero is no sign of life
            at_ms = self._clock() - max(0.0, self._wall() - record.at_ms)
            heard_at_ms = before.heard_at_ms if before else float("-inf")
            if record.hearing or (before.record.hearing if before else not record.listeners):  # who has just left
                heard_at_ms = at_ms
            same = (one for (language, _), one in known.items() if language == record.language)
            since_ms = min((one.since_ms for one in same if at_ms - one.said_at_ms < LINGER_MS), default=at_ms)
            known[record.language, record.notifier_id] = _Known(record, at_ms, heard_at_ms, since_ms)
        self._tell(record.session_id)

    def languages(self, session_id: str) -> dict[str, Listeners]:
        """Every language of the session that somebody listens to, or did within ``LINGER_MS`` (then with zeros)."""
        now = self._clock()
        fresh, wanted = now - STALE_MS, now - LINGER_MS
        totals: dict[str, Listeners] = {}
        for (language, _), (record, said_at_ms, heard_at_ms, since_ms) in self._records.get(session_id, {}).items():
            if said_at_ms <= wanted:
                continue
            total = totals.get(language, Listeners())
            counts = said_at_ms > fresh
            totals[language] = Listeners(
                total.listeners + (record.listeners if counts else 0),
                total.hearing + (record.hearing if counts else 0),
                total.speech_wanted or heard_at_ms > wanted,
                max(total.wanted_for_ms, now - since_ms),
            )
        return totals

    def of(self, session_id: str, language: str) -> Listeners:
        """Counts of one language; zeros where nobody is known to listen."""
        return self.languages(session_id).get(language, Listeners())

    @contextmanager
    def watched(self, callback: Callable[[str], None]) -> Iterator[None]:
        """Within the block, call back with the session id whenever that session's counts change."""
        self._callbacks.append(callback)
        try:
            yield
        finally:
            self._callbacks.remove(callback)

    def expire(self) -> None:
        """Forget what is old, and call back for sessions whose counts went stale."""
        forgotten = self._clock() - LINGER_MS
        for session_id, records in list(self._records.items()):
            self._tell(session_id)
            kept = {key: known for key, known in records.items() if known.said_at_ms > forgotten}
            self._records[session_id] = kept
            if not kept:
                del self._records[session_id], self._told[session_id]

    def _tell(self, session_id: str) -> None:
        counts = {
            language: (total.listeners, total.hearing)
            for language, total in self.languages(session_id).items()
            if total.listeners
        }
        before = self._told.get(session_id, {})
        self._told[session_id] = counts
        if counts != before:
            for callback in list(self._callbacks):
                callback(session_id)

    async def _expire_regularly(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            self.expire()
