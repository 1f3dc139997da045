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
MOVED_MS = 30_000
"""The same where all who left went on in another language, or without the voice, and may think again."""
_LOOK_S = 5.0


class Listeners(NamedTuple):
    """Of one language of one session, over all notifiers."""

    listeners: int = 0
    hearing: int = 0
    """Those of them who take speech."""
    speech_wanted: bool = False
    """Whether anybody takes speech, or may come back for it."""
    wanted_for_ms: float = 0.0
    """Since when somebody has listened, or might have come back."""


class _Known(NamedTuple):
    record: Audience
    said_at_ms: float
    """By the steady clock, as the others."""
    wanted_until_ms: float
    """So long the language goes on if nobody comes."""
    speech_until_ms: float
    """The same of its speech."""
    since_ms: float
    """From then on somebody listened or might have come back, at this notifier or another."""


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
            left_until_ms = at_ms + (LINGER_MS if record.awaited else MOVED_MS)
            wanted_until_ms = at_ms + LINGER_MS if record.listeners else left_until_ms
            speech_until_ms = before.speech_until_ms if before else float("-inf")
            if record.hearing:
                speech_until_ms = at_ms + LINGER_MS
            elif before.record.hearing if before else not record.listeners:  # who has just left
                speech_until_ms = left_until_ms
            same = (one for (language, _), one in known.items() if language == record.language)
            since_ms = min((one.since_ms for one in same if at_ms < one.wanted_until_ms), default=at_ms)
            known[record.language, record.notifier_id] = _Known(
                record, at_ms, wanted_until_ms, speech_until_ms, since_ms
            )
        self._tell(record.session_id)

    def languages(self, session_id: str) -> dict[str, Listeners]:
        """Every language of the session that somebody listens to, or may come back to (then with zeros)."""
        now = self._clock()
        totals: dict[str, Listeners] = {}
        for (language, _), known in self._records.get(session_id, {}).items():
            if known.wanted_until_ms <= now:
                continue
            total = totals.get(language, Listeners())
            counts = known.said_at_ms > now - STALE_MS
            totals[language] = Listeners(
                total.listeners + (known.record.listeners if counts else 0),
                total.hearing + (known.record.hearing if counts else 0),
                total.speech_wanted or known.speech_until_ms > now,
                max(total.wanted_for_ms, now - known.since_ms),
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
        now = self._clock()
        for session_id, records in list(self._records.items()):
            self._tell(session_id)
            kept = {key: known for key, known in records.items() if known.wanted_until_ms > now}
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
