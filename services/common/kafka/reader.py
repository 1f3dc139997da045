"""Whole topics without a group: views of compacted topics, the notifier, a takeover's look at its own output."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.common.clock import now_ms
from services.common.kafka.cluster import Cluster, Received, connect, stop, within
from services.common.kafka.dead import DeadLetters
from services.common.kafka.watch import Watch
from services.common.topics import Topic

FETCH_WAIT_MS = 100
"""New records end the wait; it is as long as a partition taken over in mid-wait may stand still."""
_RETRY_MS = 50
_ANSWER_S = 10.0


class LogReader:
    """Committed records of some topics, in order within a partition, from a place in the past on."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topics: dict[str, Topic[Any]],
        ends: dict[TopicPartition, int],
        dead: DeadLetters,
    ) -> None:
        self._consumer = consumer
        self._topics = topics
        self._ends = ends
        self._dead = dead
        self._caught_up = asyncio.Event()
        self._watch: Watch | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        cluster: Cluster,
        topics: Sequence[Topic[Any]],
        *,
        client_id: str,
        since_ms: float | None = None,
        partition: int | None = None,
        dead: DeadLetters | None = None,
    ) -> AsyncIterator["LogReader"]:
        """Connected for the length of the block; waits for the broker and the topics.

        since_ms: begin with the first record of that wall-clock time (None: with the oldest one).
        partition: this one only (None: all).
        dead: where records go that can't be read (None: into the log).
        """
        names = [topic.name for topic in topics]
        everything = names if partition is None else []
        consumer = await connect(
            cluster,
            AIOKafkaConsumer,
            *everything,
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            retry_backoff_ms=_RETRY_MS,
        )
        try:
            if partition is not None:
                consumer.assign([TopicPartition(name, partition) for name in names])
            parts = sorted(consumer.assignment())
            ends = await within(_ANSWER_S, "ends of topics", consumer.end_offsets(parts))
            await _seek(consumer, parts, ends, since_ms)
            yield cls(consumer, {topic.name: topic for topic in topics}, ends, dead or DeadLetters())
        finally:
            await stop(consumer)

    @property
    def flows(self) -> bool:
        """False while the broker doesn't answer, or does but nothing can be read."""
        return self._watch is None or not self._watch.waiting

    async def caught_up(self) -> None:
        """Return once everything that was there at opening has been taken from ``follow``."""
        await self._caught_up.wait()

    async def follow(self) -> AsyncIterator[Received[Any]]:
        """Records as they come, for ever. Raises KafkaUnavailable when nothing could be read for too long."""
        self._watch = watch = Watch(self._consumer)
        while True:
            async for received in self._next():
                yield received
            await self._note_progress()
            await watch.check()

    async def to_end(self) -> AsyncIterator[Received[Any]]:
        """Everything that was there at opening, then stop. Raises KafkaUnavailable when it can't be read."""
        watch = Watch(self._consumer)
        await self._note_progress()
        while not self._caught_up.is_set():
            async for received in self._next():
                yield received
            await self._note_progress()
            await watch.check()

    async def _next(self) -> AsyncIterator[Received[Any]]:
        batches = await self._consumer.getmany(timeout_ms=200, max_records=1000)
        read_at = now_ms()
        for part, records in batches.items():
            topic = self._topics[part.topic]
            for raw in records:
                if (received := decoded(topic, raw, read_at, self._dead)) is not None:
                    yield received

    async def _note_progress(self) -> None:
        if self._caught_up.is_set():
            return
        for part, end in list(self._ends.items()):
            if await within(_ANSWER_S, "position", self._consumer.position(part)) >= end:
                del self._ends[part]
        if not self._ends:
            self._caught_up.set()


def decoded(topic: Topic[Any], raw: Any, read_at_ms: float, dead: DeadLetters) -> Received[Any] | None:
    """The record in a raw one; None where the value is a tombstone, or breaks the contract: then ``dead`` has it."""
    if raw.value is None:
        return None
    try:
        record = topic.decode(raw.value, raw.headers)
    except msgspec.DecodeError as fault:
        dead.take("record_unreadable", raw, str(fault))
        return None
    return Received(record, raw.topic, raw.partition, raw.offset, read_at_ms, raw.headers, raw.key, raw.value)


async def _seek(
    consumer: AIOKafkaConsumer,
    parts: list[TopicPartition],
    ends: dict[TopicPartition, int],
    since_ms: float | None,
) -> None:
    if since_ms is None:
        starts = await within(_ANSWER_S, "beginnings of topics", consumer.beginning_offsets(parts))
    else:
        asked = {part: int(since_ms) for part in parts}
        found = await within(_ANSWER_S, "offsets by time", consumer.offsets_for_times(asked))
        starts = {part: found[part].offset if found.get(part) else ends[part] for part in parts}
    for part, offset in starts.items():
        consumer.seek(part, offset)
