"""A reader of whole topics on a broker that goes away."""

import pytest

from services.cli.stack.broker import Broker
from services.common.kafka import KafkaUnavailable, LogReader, watch
from services.common.topics import SESSIONS


async def outlive(broker: Broker) -> None:
    """Follow a topic whose broker dies."""
    async with LogReader.open(broker.cluster, [SESSIONS], client_id="test") as reader:
        broker.process.kill_group()
        async for _ in reader.follow():
            pass


async def test_a_reader_without_a_broker_ends_with_a_fault_and_not_in_silence(
    own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_CHECK_S", 0.2)
    monkeypatch.setattr(watch, "STALLED_S", 1.0)
    with pytest.raises(KafkaUnavailable, match="nothing could be read"):
        await outlive(own_broker)
