"""What a partition does when Kafka stands still in the middle of a transaction."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.common.contracts import Final
from services.common.errors import Fatal
from services.common.kafka import Outbox, Received, partition
from services.common.topics import TRANSCRIPTS


class StuckProducer:
    """Takes records and never hears that they arrived; an abort would wait for them as well."""

    async def begin_transaction(self) -> None:
        pass

    async def send(self, *_: Any, **__: Any) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()

    async def abort_transaction(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        pass


class Idle:
    """A processor with nothing to do."""

    async def restore(self, tail: AsyncIterator[Received[Any]]) -> None:
        pass

    async def handle(self, received: Received[Any]) -> None:
        pass

    def settled(self, position: int) -> int:
        return position

    async def close(self) -> None:
        pass


async def test_a_transaction_that_hangs_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "TRANSACTION_S", 0.05)
    outbox = Outbox()
    part = TopicPartition("audio", 0)
    partials: Any = None
    held = partition.Partition(part, "copier", StuckProducer(), Idle(), outbox, 0, partials)
    outbox.put(TRANSCRIPTS, Final(session_id="s", language="en", index=0, words=()))
    with pytest.raises(BaseExceptionGroup) as raised:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            held.start(tasks)
    assert raised.group_contains(Fatal, match="took over")
