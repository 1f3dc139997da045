"""Tells the other services how many listen to which language of which session through this notifier."""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from services.common.audience import LINGER_MS
from services.common.contracts import Audience
from services.common.kafka import KafkaUnavailable

log = structlog.get_logger(__name__)

REPEAT_S = 30.0
"""Counts are said again this often, so that those of a notifier that died can be told from true ones."""
SETTLE_S = 0.05
"""Changes of this time share a report; the first one of them never waits."""
RETRY_S = 1.0
"""After a report that Kafka did not take."""

Publish = Callable[[Audience], Awaitable[None]]
_Key = tuple[str, str]


@dataclass
class _Count:
    listeners: int = 0
    hearing: int = 0


class Audiences:
    """Counts by session and language, and which of them have yet to be reported."""

    def __init__(self, notifier_id: str, clock: Callable[[], float]) -> None:
        self._notifier_id = notifier_id
        self._clock = clock
        self._counts: dict[_Key, _Count] = {}
        self._due: dict[_Key, None] = {}
        self._lost_at_ms: dict[_Key, float] = {}
        """When somebody last lost the connection who may come back."""
        self._changed = asyncio.Event()

    def joined(self, session_id: str, language: str, *, hearing: bool) -> None:
        """One listener more. hearing: takes speech, not captions alone."""
        count = self._counts.setdefault((session_id, language), _Count())
        count.listeners += 1
        count.hearing += hearing
        self._mark((session_id, language))

    def left(self, session_id: str, language: str, *, hearing: bool, moved: bool = False) -> None:
        """One listener less. moved: by their own will, to another language, or from hearing to reading."""
        if not moved:
            self._lost_at_ms[session_id, language] = self._clock()
        count = self._counts[session_id, language]
        count.listeners -= 1
        count.hearing -= hearing
        if not count.listeners:
            del self._counts[session_id, language]
        self._mark((session_id, language))

    async def report(self, publish: Publish) -> None:
        """Publish changes soon and all counts regularly, for ever. publish may raise KafkaUnavailable."""
        clock = asyncio.get_running_loop().time
        repeat_at = clock() + REPEAT_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(repeat_at):
                    await self._changed.wait()
            if clock() >= repeat_at:
                repeat_at = clock() + REPEAT_S
                self._due |= dict.fromkeys(self._counts)
                self._lost_at_ms = {key: at for key, at in self._lost_at_ms.items() if self._may_come_back(key)}
            await self._publish_due(publish)
            await asyncio.sleep(RETRY_S if self._due else SETTLE_S)
            if self._due:
                self._changed.set()

    async def withdraw(self, publish: Publish) -> None:
        """Say that nobody listens here any more."""
        self._due |= dict.fromkeys(self._counts)
        self._lost_at_ms |= dict.fromkeys(self._counts, self._clock())
        self._counts.clear()
        await self._publish_due(publish)

    def _mark(self, key: _Key) -> None:
        self._due[key] = None
        self._changed.set()

    async def _publish_due(self, publish: Publish) -> None:
        self._changed.clear()
        while self._due:
            key = next(iter(self._due))
            del self._due[key]
            try:
                await publish(self._record(key))
            except KafkaUnavailable as fault:
                log.warning("audience_not_reported", reason=str(fault))
                self._due[key] = None
                return

    def _may_come_back(self, key: _Key) -> bool:
        return self._clock() - self._lost_at_ms.get(key, -math.inf) < LINGER_MS

    def _record(self, key: _Key) -> Audience:
        count = self._counts.get(key) or _Count()
        return Audience(
            session_id=key[0],
            language=key[1],
            notifier_id=self._notifier_id,
            listeners=count.listeners,
            hearing=count.hearing,
            awaited=self._may_come_back(key),
            at_ms=self._clock(),
        )
