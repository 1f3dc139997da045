"""Records that can't be used: logged, counted and, by the one service whose part that is, set aside on ``dead``.

Best effort, and never waited for: what can't be set aside still lies in its own topic, at the place that the log names.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer

from services.common.bucket import Bucket
from services.common.clock import now_ms
from services.common.contracts import DeadLetter
from services.common.kafka import metrics
from services.common.kafka.cluster import Cluster, connect, stop
from services.common.topics import DEAD, MAX_DEAD_BYTES, AnyTopic, session_of

log = structlog.get_logger(__name__)

_BURST = 100
_PER_S = 1.0
"""Of each topic so many records are logged and set aside, whoever floods it; the others are only counted."""
_WAITING_BYTES = 8_000_000
_SEND_S = 10.0
_LEAVE_S = 2.0
_LONGEST_CAUSE = 200
"""Characters. A cause may quote the record, of which no more than a glimpse belongs into a log."""


class DeadLetters:
    """Where the readers of a process leave what they pass over."""

    def __init__(self, service: str = "", of: Collection[AnyTopic] = ()) -> None:
        """of: topics whose records this service sets aside; all others' are logged and counted."""
        self._service = service
        self._of = {topic.name for topic in of}
        self._buckets: dict[str, Bucket] = defaultdict(lambda: Bucket(_PER_S, _BURST))
        self._waiting: asyncio.Queue[DeadLetter] = asyncio.Queue(maxsize=_BURST)
        self._waiting_bytes = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, cluster: Cluster, service: str, of: Collection[AnyTopic]) -> AsyncIterator["DeadLetters"]:
        """For the length of the block; connects when there is something to set aside."""
        letters = cls(service, of)
        sending = asyncio.create_task(letters._send_all(cluster))
        try:
            yield letters
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await letters._waiting.join()
            sending.cancel()
            await asyncio.wait((sending,))

    def take(
        self, event: str, raw: Any, cause: str, *, fault: BaseException | None = None, logged: bool = True
    ) -> None:
        """Pass over a consumer's record, or a ``Received``. Returns at once, raises nothing.

        event: what the log calls it. fault: whose trace the log has. logged: False if the log has it already.
        """
        if self._buckets[raw.topic].take(time.monotonic(), patience_s=0) is None:
            metrics.UNREADABLE.labels(raw.topic, "left_out").inc()
            return
        cause = cause.encode(errors="replace").decode()[:_LONGEST_CAUSE]
        if logged:
            log.error(event, topic=raw.topic, partition=raw.partition, offset=raw.offset, reason=cause, exc_info=fault)
        if raw.topic not in self._of:
            metrics.UNREADABLE.labels(raw.topic, "passed_over").inc()
        elif self._waiting.full() or self._waiting_bytes + len(raw.value) > _WAITING_BYTES:
            metrics.UNREADABLE.labels(raw.topic, "left_out").inc()
        else:
            self._waiting.put_nowait(self._letter(raw, cause))
            self._waiting_bytes += len(raw.value)

    def _letter(self, raw: Any, cause: str) -> DeadLetter:
        return DeadLetter(
            session_id=session_of(raw.key),
            topic=raw.topic,
            partition=raw.partition,
            offset=raw.offset,
            key=raw.key,
            value=raw.value,
            headers=tuple(raw.headers),
            by=self._service,
            at_ms=now_ms(),
            cause=cause,
        )

    async def _send_all(self, cluster: Cluster) -> None:
        producer: AIOKafkaProducer | None = None
        try:
            while True:
                letter = await self._waiting.get()
                outcome = "failed"
                try:
                    async with asyncio.timeout(_SEND_S):
                        producer = producer or await connect_producer(cluster, f"{self._service}-dead")
                        await send_dead(producer, letter)
                    outcome = "set_aside"
                except Exception as fault:  # whatever it is, those who read go on
                    log.warning("record_not_set_aside", place=letter.place, reason=str(fault) or type(fault).__name__)
                    if producer is not None:
                        broken, producer = producer, None
                        await stop(broken)
                finally:
                    metrics.UNREADABLE.labels(letter.topic, outcome).inc()
                    self._waiting_bytes -= len(letter.value)
                    self._waiting.task_done()
        finally:
            if producer is not None:
                await stop(producer)


async def connect_producer(cluster: Cluster, client_id: str) -> AIOKafkaProducer:
    """For records as large as Kafka has them. Waits for the broker."""
    return await connect(
        cluster,
        AIOKafkaProducer,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        max_request_size=MAX_DEAD_BYTES,
        request_timeout_ms=int(_SEND_S * 1000),
    )


async def send_dead(producer: AIOKafkaProducer, letter: DeadLetter) -> None:
    """Into the partition of ``dead`` that has the number of its own. Raises aiokafka's KafkaError."""
    encoded = DEAD.encode(letter)
    await producer.send_and_wait(
        DEAD.name, encoded.value, encoded.key, partition=letter.partition, headers=list(encoded.headers)
    )
