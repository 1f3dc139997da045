"""What a partition does when Kafka stands still in the middle of a transaction."""

import asyncio
import errno
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer import sender
from structlog.testing import capture_logs

from services.common.contracts import Final, Frame
from services.common.errors import Fatal, RecordRefused
from services.common.kafka import DeadLetters, Outbox, Received, partition
from services.common.kafka.processing import BETWEEN_TRANSACTIONS_S
from services.common.topics import AUDIO, TRANSCRIPTS


class Producer:
    """Has every record and offset at once."""

    def __init__(self) -> None:
        self.begun = self.transactions = 0
        self.added: list[TopicPartition] = []
        self.offsets: list[int] = []
        self._txn_manager = self

    def maybe_add_partition_to_txn(self, part: TopicPartition) -> None:
        self.added.append(part)

    async def begin_transaction(self) -> None:
        assert self.begun == self.transactions
        self.begun += 1

    async def send(self, *_: Any, **__: Any) -> "asyncio.Future[None]":
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        arrived.set_result(None)
        return arrived

    async def send_offsets_to_transaction(self, offsets: dict[TopicPartition, int], _: str) -> None:
        self.offsets += offsets.values()

    async def commit_transaction(self) -> None:
        self.transactions += 1

    async def stop(self) -> None:
        pass


class StuckProducer(Producer):
    """Takes records and never hears that they arrived; an abort would wait for them as well."""

    async def send(self, *_: Any, **__: Any) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()

    async def abort_transaction(self) -> None:
        await asyncio.Event().wait()


class Idle:
    """A processor with nothing to do, that counts how often it was asked what is settled."""

    def __init__(self) -> None:
        self.asked = 0

    async def restore(self, tail: AsyncIterator[Received[Any]]) -> None:
        pass

    async def handle(self, received: Received[Any]) -> None:
        pass

    def settled(self, position: int) -> int:
        self.asked += 1
        return position

    async def close(self) -> None:
        pass


class Failing(Idle):
    """Fails at the record at one offset, takes all others."""

    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault = fault
        self.handled: list[int] = []

    async def handle(self, received: Received[Any]) -> None:
        if received.offset == 1:
            raise self.fault
        self.handled.append(received.offset)


def held(
    producer: Producer, processor: Idle, outbox: Outbox, dead: DeadLetters | None = None, partials: Any = None
) -> partition.Partition:
    return partition.Partition(
        TopicPartition("audio", 0),
        "copier",
        producer,
        "transcripts",
        processor,
        outbox,
        0,
        partials,
        dead or DeadLetters(),
    )


def final(index: int) -> Final:
    return Final(session_id="s", language="en", index=index, words=())


def frame(offset: int) -> Received[Frame]:
    record = Frame(session_id="s", language="en", seq=offset, first_sample=0, captured_at_ms=0, received_at_ms=0)
    return Received(record, "audio", 0, offset, 0.0)


def raw(offset: int) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord("audio", 0, offset, 0, 0, b"s", b"", None, 1, 0, ())


async def test_a_transaction_that_hangs_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "TRANSACTION_S", 0.05)
    outbox = Outbox()
    outbox.put(TRANSCRIPTS, final(0))
    with pytest.raises(BaseExceptionGroup) as raised:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            held(StuckProducer(), Idle(), outbox).start(tasks)
    assert raised.group_contains(Fatal, match="took over")


async def test_what_is_settled_is_asked_only_when_an_offset_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_SETTLE_EVERY_S", 60)
    monkeypatch.setattr(partition, "_OVERDUE_S", 60)
    producer, processor, outbox = Producer(), Idle(), Outbox()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        partition_in_hand = held(producer, processor, outbox)
        partition_in_hand.start(tasks)
        partition_in_hand.accept(raw(0), frame(0))
        for index in range(20):
            outbox.put(TRANSCRIPTS, final(index))
            while producer.transactions <= index:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert processor.asked == 0
        await partition_in_hand.give_up(publish=True)
    assert processor.asked == 1
    assert producer.offsets == [1]


async def test_the_next_transaction_begins_when_one_with_records_has_ended() -> None:
    producer, outbox = Producer(), Outbox()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        partition_in_hand = held(producer, Idle(), outbox)
        partition_in_hand.start(tasks)
        outbox.put(TRANSCRIPTS, final(0))
        while producer.begun < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert producer.transactions == 1
        assert producer.added == [TopicPartition("transcripts", 0)]
        await partition_in_hand.give_up(publish=True)
    assert producer.begun == producer.transactions == 2


async def test_a_transaction_begun_ahead_ends_when_no_records_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_SETTLE_EVERY_S", 0.01)
    monkeypatch.setattr(partition, "OPEN_S", 0.05)
    producer, outbox = Producer(), Outbox()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        partition_in_hand = held(producer, Idle(), outbox)
        partition_in_hand.start(tasks)
        outbox.put(TRANSCRIPTS, final(0))
        while not producer.begun == producer.transactions > 1:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await partition_in_hand.give_up()


async def test_a_processor_s_fault_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_SETTLE_EVERY_S", 60)
    outbox = Outbox()
    asyncio.get_running_loop().call_later(0.01, outbox.fail, RuntimeError("a bug"))
    with pytest.raises(BaseExceptionGroup) as raised:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            held(Producer(), Idle(), outbox).start(tasks)
    assert raised.group_contains(RuntimeError, match="a bug")


def test_a_producer_s_next_transaction_waits_as_long_as_is_set_here() -> None:
    """The library has no setting for it, so what it looks up by this name must go on being this."""
    assert "BACKOFF_OVERRIDE" in sender.AddPartitionsToTxnHandler.handle_response.__code__.co_names
    assert sender.BACKOFF_OVERRIDE == BETWEEN_TRANSACTIONS_S


@pytest.mark.parametrize(
    ("fault", "event", "reason"),
    [
        (RecordRefused("not this one"), "record_refused", "not this one"),
        (ValueError("a bug"), "record_failed", "ValueError: a bug"),
        (ExceptionGroup("tasks", [KeyError("k")]), "record_failed", "KeyError: 'k'"),
    ],
)
async def test_a_record_that_the_processor_refuses_or_fails_at_is_passed_over_and_left_with_the_dead_letters(
    fault: Exception, event: str, reason: str
) -> None:
    processor, producer = Failing(fault), Producer()
    with capture_logs() as logs:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            partition_in_hand = held(producer, processor, Outbox())
            partition_in_hand.start(tasks)
            for offset in range(3):
                partition_in_hand.accept(raw(offset), frame(offset))
            while partition_in_hand.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
            await partition_in_hand.give_up(publish=True)
    assert processor.handled == [0, 2]
    assert producer.offsets == [3]
    assert [(log["event"], log["offset"], log["reason"]) for log in logs] == [(event, 1, reason)]
    assert (logs[0]["exc_info"] is fault) == (event == "record_failed")


@pytest.mark.parametrize(
    "fault",
    [
        Fatal("fenced"),
        MemoryError(),
        KafkaError("gone"),
        OSError(errno.EMFILE, "too many open files"),
        ExceptionGroup("tasks", [ValueError(), MemoryError()]),
    ],
)
async def test_what_only_another_process_can_mend_is_no_record_s_fault(fault: Exception) -> None:
    partition_in_hand = held(Producer(), Failing(fault), Outbox())
    for offset in range(3):
        partition_in_hand.accept(raw(offset), frame(offset))
    with capture_logs() as logs, pytest.raises(BaseExceptionGroup) as raised:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            partition_in_hand.start(tasks)
    assert raised.value.exceptions == (fault,)
    assert logs == []


def test_records_that_are_set_aside_together_are_one_line_in_the_log_with_their_cause() -> None:
    letters = DeadLetters("copier", [AUDIO])
    received = [
        Received(frame(offset).record, "audio", 0, offset, 0.0, (("v", b"1"),), b"s", b"%d" % offset)
        for offset in range(3)
    ]
    with capture_logs() as logs:
        Outbox(letters).set_aside(received, ValueError("a bug"))
    assert [(log["event"], log["offset"]) for log in logs] == [("record_failed", 0)]
    kept = [letters._waiting.get_nowait() for _ in range(3)]
    assert [(one.offset, one.key, one.value, one.headers, one.cause) for one in kept] == [
        (offset, b"s", b"%d" % offset, (("v", b"1"),), "ValueError: a bug") for offset in range(3)
    ]


class SlowProducer(Producer):
    """Has a transaction committed only after several turns of the event loop, and takes partials as well."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    async def commit_transaction(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        self.done.append("committed")
        await super().commit_transaction()

    async def send(self, *sent: Any, **how: Any) -> "asyncio.Future[None]":
        self.done.append("sent" if how else "partial")
        return await super().send(*sent, **how)


@pytest.mark.parametrize("partial_first", [False, True])
async def test_a_partial_leaves_the_broker_to_records_of_the_same_moment(partial_first: bool) -> None:
    producer, outbox = SlowProducer(), Outbox()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        partition_in_hand = held(producer, Idle(), outbox, partials=producer)
        partition_in_hand.start(tasks)
        await asyncio.sleep(0)
        if partial_first:
            outbox.put_partial(TRANSCRIPTS, final(1))
        outbox.put(TRANSCRIPTS, final(0))
        if not partial_first:
            outbox.put_partial(TRANSCRIPTS, final(1))
        while "partial" not in producer.done:  # noqa: ASYNC110 (turns of the loop are counted)
            await asyncio.sleep(0)
        await partition_in_hand.give_up()
    assert producer.done == ["sent", "committed", "partial"]
