"""Noticing that nothing can be read."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.common.kafka import KafkaUnavailable, watch

PART = TopicPartition("audio", 0)


class Spare:
    """A consumer to which the group gave nothing, of a broker that doesn't answer."""

    def assignment(self) -> set[TopicPartition]:
        return set()

    def paused(self) -> set[TopicPartition]:
        return set()

    async def end_offsets(self, parts: list[TopicPartition]) -> dict[TopicPartition, int]:
        if parts:
            await asyncio.Event().wait()
        return {}


async def test_a_consumer_without_partitions_notices_that_the_broker_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_CHECK_S", 0.01)
    monkeypatch.setattr(watch, "STALLED_S", 0.05)
    spare: Any = Spare()
    watched = watch.Watch(spare, PART)

    async def keep_looking() -> None:
        while True:
            await watched.check()
            await asyncio.sleep(0)

    with pytest.raises(KafkaUnavailable):
        await asyncio.wait_for(keep_looking(), 5)
    assert watched.waiting
