"""What becomes of records that can't be used: bounded, whoever sends them, and never waited for."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaTimeoutError
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.common.contracts import DeadLetter
from services.common.kafka import Cluster, DeadLetters
from services.common.kafka import dead as module
from services.common.topics import DEAD, SESSIONS, TRANSCRIPTS

CLUSTER = Cluster("127.0.0.1:1")


class Producer:
    """Keeps what it is given, once it is let."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []
        self.fault: BaseException | None = None
        self.let = asyncio.Event()
        self.let.set()
        self.stopped = 0

    async def send_and_wait(self, topic: str, value: bytes, key: bytes, **given: Any) -> None:
        await self.let.wait()
        if self.fault is not None:
            raise self.fault
        assert topic == DEAD.name
        letter = DEAD.decode(value, tuple(given["headers"]))
        assert (key, given["partition"]) == (letter.place.encode(), letter.partition)
        self.letters.append(letter)

    async def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Producer:
    made = Producer()

    async def connect(*_: Any, **__: Any) -> Producer:
        return made

    monkeypatch.setattr(module, "connect", connect)
    return made


def raw(offset: int = 0, *, topic: str = "transcripts", value: bytes = b"{") -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, 2, offset, 0, 0, b"s", value, None, 1, len(value), (("v", b"1"),))


def counted(outcome: str, topic: str = "transcripts") -> float:
    labels = {"topic": topic, "outcome": outcome}
    return REGISTRY.get_sample_value("dragoman_kafka_unreadable_total", labels) or 0.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_a_record_is_set_aside_as_it_was_with_its_place_and_the_cause(producer: Producer) -> None:
    async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS]) as letters:
        letters.take("record_unreadable", raw(7), "no JSON")
    (letter,) = producer.letters
    assert (letter.place, letter.key, letter.value, letter.headers) == ("transcripts/2/7", b"s", b"{", (("v", b"1"),))
    assert (letter.by, letter.cause, letter.session_id) == ("translator", "no JSON", "s")
    assert producer.stopped == 1


async def test_what_another_service_sets_aside_is_logged_and_counted_alone(producer: Producer) -> None:
    before = counted("passed_over", "sessions")
    with capture_logs() as logs:
        async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS]) as letters:
            letters.take("record_unreadable", raw(topic="sessions"), "no JSON")
    assert not producer.letters
    assert [(log["event"], log["topic"]) for log in logs] == [("record_unreadable", "sessions")]
    assert counted("passed_over", "sessions") == before + 1


async def test_of_a_flood_a_bounded_number_is_logged_and_set_aside_and_the_rest_counted(producer: Producer) -> None:
    before = counted("left_out")
    with capture_logs() as logs:
        async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS, SESSIONS]) as letters:
            for offset in range(5_000):
                letters.take("record_unreadable", raw(offset), "no JSON")
                await asyncio.sleep(0)
            letters.take("record_unreadable", raw(topic="sessions"), "no JSON")
    of_flood = [letter for letter in producer.letters if letter.topic == "transcripts"]
    assert [letter.offset for letter in of_flood[:100]] == list(range(100))
    assert len(of_flood) < 150
    assert len(logs) == len(producer.letters)
    assert len(of_flood) + counted("left_out") - before == 5_000
    assert producer.letters[-1].topic == "sessions"


async def test_what_waits_is_bounded_in_bytes_too(producer: Producer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LEAVE_S", 0.01)
    producer.let.clear()
    before = counted("left_out")
    async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS]) as letters:
        for offset in range(20):
            letters.take("record_unreadable", raw(offset, value=bytes(1_000_000)), "no JSON")
        assert counted("left_out") - before == 12
        producer.let.set()
        await until(lambda: len(producer.letters) == 8)
        letters.take("record_unreadable", raw(20, value=bytes(1_000_000)), "no JSON")
        await until(lambda: len(producer.letters) == 9)


@pytest.mark.parametrize("fault", [KafkaTimeoutError(), AssertionError("Unrecognized partition"), OSError("gone")])
async def test_whatever_fails_in_setting_aside_is_counted_and_the_next_is_tried_anew(
    producer: Producer, fault: BaseException
) -> None:
    before = counted("failed")
    producer.fault = fault
    async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS]) as letters:
        letters.take("record_unreadable", raw(0), "no JSON")
        await until(lambda: counted("failed") == before + 1)
        await until(lambda: producer.stopped == 1)
        producer.fault = None
        letters.take("record_unreadable", raw(1), "no JSON")
    assert [letter.offset for letter in producer.letters] == [1]


async def test_a_broker_that_stands_still_keeps_nobody_from_leaving(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEAVE_S", 0.01)
    producer.let.clear()
    async with asyncio.timeout(5):
        async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS]) as letters:
            for offset in range(10):
                letters.take("record_unreadable", raw(offset), "no JSON")
    assert producer.stopped == 1


async def test_a_broker_that_stands_still_is_given_up_within_a_limit(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SEND_S", 0.01)
    producer.let.clear()
    before = counted("failed")
    async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS]) as letters:
        letters.take("record_unreadable", raw(), "no JSON")
        await until(lambda: counted("failed") == before + 1)


async def test_no_more_than_a_glimpse_of_a_record_gets_into_log_and_cause(producer: Producer) -> None:
    said = "word " * 10_000
    with capture_logs() as logs:
        async with DeadLetters.open(CLUSTER, "translator", [TRANSCRIPTS]) as letters:
            letters.take("record_unreadable", raw(value=said.encode()), f"Invalid value '{said}\ud800'")
    assert len(logs[0]["reason"]) == len(producer.letters[0].cause) == 200
    assert "value" not in logs[0]
