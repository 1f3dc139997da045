"""How partitions are taken over: how long that may take, and what a rebalance does to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.common.contracts import Final
from services.common.errors import Fatal
from services.common.kafka import Cluster, DeadLetters, LogReader, Outbox, Received, processing
from services.common.topics import AUDIO, TRANSCRIPTS

PART = TopicPartition("audio", 0)
STALLED_S = 1.0


class Log:
    """Our own output as a takeover reads it: so many records, each after a while; then the end, or nothing more."""

    def __init__(self) -> None:
        self.records = 0
        self.each_takes_s = 0.0
        self.ends = True

    async def to_end(self) -> AsyncIterator[Received[Any]]:
        for index in range(self.records):
            await asyncio.sleep(self.each_takes_s)
            final = Final(session_id="s", language="en", index=index, words=())
            yield Received(final, TRANSCRIPTS.name, 0, index, 0.0)
        if not self.ends:
            await asyncio.Event().wait()


class Consumer:
    """Notes which partitions are paused."""

    def __init__(self) -> None:
        self.sought: dict[TopicPartition, int] = {}
        self.halted: set[TopicPartition] = set()

    def pause(self, *parts: TopicPartition) -> None:
        self.halted |= set(parts)

    def resume(self, *parts: TopicPartition) -> None:
        self.halted -= set(parts)

    def seek(self, part: TopicPartition, offset: int) -> None:
        self.sought[part] = offset

    async def committed(self, _: TopicPartition) -> int:
        return 7


class Producer:
    def __init__(self) -> None:
        self.stopped = False

    async def stop(self) -> None:
        self.stopped = True


class Processor:
    """Counts what it is told of the past."""

    def __init__(self) -> None:
        self.restored = 0
        self.closed = False

    async def restore(self, tail: AsyncIterator[Received[Any]]) -> None:
        async for _ in tail:
            self.restored += 1

    async def handle(self, received: Received[Any]) -> None:
        pass

    def settled(self, position: int) -> int:
        return position

    async def close(self) -> None:
        self.closed = True


class Service:
    """The owner of partitions over a Kafka that isn't there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log, self.consumer, self.producer = Log(), Consumer(), Producer()
        self.processors: list[Processor] = []

        async def connect(*_: Any, **__: Any) -> Producer:
            return self.producer

        @asynccontextmanager
        async def open_log(*_: Any, **__: Any) -> AsyncIterator[Log]:
            yield self.log

        monkeypatch.setattr(processing, "connect", connect)
        monkeypatch.setattr(LogReader, "open", open_log)
        monkeypatch.setattr(processing, "_STALLED_S", STALLED_S)

    def owner(self, group: asyncio.TaskGroup) -> processing._Owner:
        consumer: Any = self.consumer
        partials: Any = None
        return processing._Owner(
            Cluster(""), "copier", AUDIO, TRANSCRIPTS, self._make, consumer, partials, DeadLetters(), group
        )

    def _make(self, _: int, __: Outbox) -> Processor:
        self.processors.append(Processor())
        return self.processors[-1]

    async def until_resumed(self) -> None:
        async with asyncio.timeout(10):
            while self.consumer.halted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(monkeypatch)


async def test_a_takeover_may_last_as_long_as_it_gets_on(service: Service) -> None:
    service.log.records, service.log.each_takes_s = 20, STALLED_S / 10
    async with asyncio.TaskGroup() as group:
        owner = service.owner(group)
        await owner.on_partitions_assigned({PART})
        await service.until_resumed()
        assert service.processors[0].restored == 20
        assert service.consumer.sought == {PART: 7}
        await owner.leave()


async def test_a_takeover_that_stands_still_ends_the_process(service: Service) -> None:
    service.log.records, service.log.ends = 3, False
    with pytest.raises(BaseExceptionGroup) as raised:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            await service.owner(group).on_partitions_assigned({PART})
    assert raised.group_contains(Fatal, match="stood still")
    assert service.producer.stopped
    assert service.processors[0].closed


async def test_the_group_is_answered_while_a_takeover_still_reads(service: Service) -> None:
    """The client sends no heartbeats before the listener returns."""
    service.log.ends = False
    async with asyncio.TaskGroup() as group:
        owner = service.owner(group)
        async with asyncio.timeout(STALLED_S / 2):
            await owner.on_partitions_assigned({PART})
        assert service.consumer.halted == {PART}
        await owner.leave()


async def test_a_rebalance_drops_a_takeover_and_begins_it_anew_where_the_partition_stays(service: Service) -> None:
    service.log.records, service.log.ends = 5, False
    async with asyncio.TaskGroup() as group:
        owner = service.owner(group)
        await owner.on_partitions_assigned({PART})
        await asyncio.sleep(0)
        await owner.on_partitions_revoked({PART})
        assert service.consumer.halted == {PART}
        service.log.ends = True
        await owner.on_partitions_assigned({PART})
        await service.until_resumed()
        assert [processor.restored for processor in service.processors][-1:] == [5]
        assert all(processor.closed for processor in service.processors[:-1])
        await owner.leave()
