"""Exactly once from one topic to another: read, process and write in Kafka transactions, one per partition.

What a partition publishes becomes visible a transaction at a time, and so does the input offset that it settles.
Whoever is given a partition first fences whoever had it, only then asks for the committed offset, then looks at what
was already published.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Histogram

from services.common.clock import now_ms
from services.common.errors import Fatal
from services.common.kafka.cluster import Received, connect, stop
from services.common.kafka.publisher import MAX_BATCH_BYTES, RETRY_BACKOFF_MS, Publisher
from services.common.kafka.reader import FETCH_WAIT_MS, LogReader, decoded
from services.common.kafka.watch import Watch
from services.common.topics import Encoded, R, Topic

log = structlog.get_logger(__name__)

_TRANSACTION_S = 10.0
"""A transaction may hang for ever after a broker's death: past this the process ends."""
_TAKEOVER_S = 30.0
_SETTLE_EVERY_S = 1.0
_OVERDUE_S = 5.0
_INBOX_FULL = 1000
_INBOX_LOW = 200
_STUCK_S = 30.0
_PARTIALS_HELD = 64

_transaction_seconds = Histogram(
    "dragoman_kafka_transaction_seconds",
    "Begin to commit of one transaction",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10),
)


class Outbox:
    """What a processor publishes. All calls are synchronous, so that output and settled input stay in step."""

    def __init__(self) -> None:
        self._records: list[tuple[str, Encoded]] = []
        self._partials: deque[tuple[Topic[Any], Any]] = deque(maxlen=_PARTIALS_HELD)
        self.changed = asyncio.Event()
        self.partials_changed = asyncio.Event()

    def put(self, topic: Topic[R], record: R) -> None:
        """Publish in the partition's next transaction, in the order of the calls."""
        self._records.append((topic.name, topic.encode(record)))
        self.changed.set()

    def put_partial(self, topic: Topic[R], record: R) -> None:
        """Publish outside transactions, best effort; the oldest are dropped when Kafka is slow."""
        self._partials.append((topic, record))
        self.partials_changed.set()

    def wake(self) -> None:
        """More input is settled although there is nothing to publish."""
        self.changed.set()

    def take(self) -> list[tuple[str, Encoded]]:
        """All that was put and not yet taken."""
        self.changed.clear()
        taken, self._records = self._records, []
        return taken

    def take_partials(self) -> list[tuple[Topic[Any], Any]]:
        """All partials put and not yet taken."""
        self.partials_changed.clear()
        taken = list(self._partials)
        self._partials.clear()
        return taken


class Processor(Protocol):
    """All sessions of one input partition, from its takeover until it is lost.

    At every await, ``settled`` must fit what has been put into the outbox so far: change both in one step.
    """

    async def restore(self, tail: AsyncIterator[Received[Any]]) -> None:
        """Learn how far each session is from this partition's own output, oldest first."""

    async def handle(self, received: Received[Any]) -> None:
        """Take one input record, in order. Await only to hold the input back."""

    def settled(self, position: int) -> int:
        """First input offset not yet settled for every session; ``position`` (the next to be handled) if all are."""

    async def close(self) -> None:
        """The partition is lost or the process stops: end all tasks. What is put now may still be published."""


Make = Callable[[int, Outbox], Processor]


async def process_partitions(
    *,
    bootstrap: str,
    service: str,
    instance: str,
    source: Topic[Any],
    output: Topic[Any],
    make: Make,
    drain: asyncio.Event,
) -> None:
    """Process the partitions that the group ``service`` gives us until ``drain`` is set, then leave in order.

    Raises Fatal in an exception group (fenced, stuck, Kafka gone for too long): end the process, another takes over.
    """
    client_id = f"{service}-{instance}"
    consumer = await connect(
        lambda: AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            client_id=client_id,
            group_id=service,
            group_instance_id=client_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=6000,
            heartbeat_interval_ms=1000,
        ),
        bootstrap,
    )
    try:
        async with Publisher.open(bootstrap, client_id) as partials, asyncio.TaskGroup() as group:
            owner = _Owner(bootstrap, service, source, output, make, consumer, partials, group)
            consumer.subscribe([source.name], listener=owner)
            await owner.poll(drain)
            await owner.leave()
    finally:
        await stop(consumer)


class _Owner(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions in hand: takes them over, feeds them, gives them up."""

    def __init__(
        self,
        bootstrap: str,
        service: str,
        source: Topic[Any],
        output: Topic[Any],
        make: Make,
        consumer: AIOKafkaConsumer,
        partials: Publisher,
        group: asyncio.TaskGroup,
    ) -> None:
        self._bootstrap = bootstrap
        self._service = service
        self._source = source
        self._output = output
        self._make = make
        self._consumer = consumer
        self._partials = partials
        self._group = group
        self._held: dict[TopicPartition, _Partition] = {}
        self._fault: BaseException | None = None
        self._leaving = False

    # -- rebalances: the client logs and swallows what these raise, so ``poll`` raises it again --

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish what is in a transaction and publish nothing until it is known who has what."""
        try:
            await asyncio.gather(*(held.hold() for held in self._held.values()))
        except BaseException as fault:
            self._fault = fault
            raise

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Keep what stayed, give up what went, take over what came: fence, then ask where it stands, then seek."""
        if self._leaving:
            return
        self._consumer.pause(*assigned)  # the consumer goes on fetching while this awaits
        lost = [self._held.pop(part) for part in self._held.keys() - assigned]
        try:
            async with asyncio.timeout(_TAKEOVER_S):
                for part, held in self._held.items():
                    self._consumer.seek(part, held.next_offset)
                    held.go_on()
                await asyncio.gather(*(held.give_up() for held in lost))
                await asyncio.gather(*(self._take_over(part) for part in assigned - self._held.keys()))
            self._consumer.resume(*assigned)
        except TimeoutError:
            self._fault = Fatal(f"a takeover took longer than {_TAKEOVER_S:g} s")
        except BaseException as fault:
            self._fault = fault
            raise

    async def _take_over(self, part: TopicPartition) -> None:
        began = now_ms()
        producer = await connect(
            lambda: AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                transactional_id=f"{self._service}-{part.partition}",
                acks="all",
                linger_ms=0,
                max_batch_size=MAX_BATCH_BYTES,
                retry_backoff_ms=RETRY_BACKOFF_MS,
                transaction_timeout_ms=int(_TRANSACTION_S * 1000),
            ),
            self._bootstrap,
        )
        offset = await self._consumer.committed(part)
        if offset is None:
            offset = (await self._consumer.beginning_offsets([part]))[part]
        self._consumer.seek(part, offset)
        outbox = Outbox()
        processor = self._make(part.partition, outbox)
        async with LogReader.open(
            self._bootstrap, [self._output], client_id=f"{self._service}-restore", partition=part.partition
        ) as tail:
            await processor.restore(tail.to_end())
        held = _Partition(part, self._service, producer, processor, outbox, offset, self._partials)
        self._held[part] = held
        held.start(self._group)
        log.info("partition_taken", partition=part.partition, offset=offset, took_ms=round(now_ms() - began))

    # -- the poll loop --

    async def poll(self, drain: asyncio.Event) -> None:
        """Hand records to their partitions until drained. Raises Fatal, KafkaUnavailable."""
        watch = Watch(self._consumer)
        while not drain.is_set():
            if self._fault is not None:
                raise self._fault
            batches = await self._consumer.getmany(timeout_ms=200, max_records=500)
            read_at = now_ms()
            for part, records in batches.items():
                held = self._held.get(part)
                if held is None:
                    raise Fatal(f"records of {part} without an owner")
                for raw in records:
                    held.accept(raw.offset, decoded(self._source, raw, read_at))
            self._regulate()
            await watch.check()

    def _regulate(self) -> None:
        """Pause partitions whose inbox is full, resume those with room; notice one that is stuck."""
        paused, assigned = self._consumer.paused(), self._consumer.assignment()
        for part, held in self._held.items():
            held.check_moving()
            if part not in assigned:
                continue  # between a rebalance and its listener
            if held.waiting >= _INBOX_FULL and part not in paused:
                self._consumer.pause(part)
            elif held.waiting <= _INBOX_LOW and part in paused:
                self._consumer.resume(part)

    async def leave(self) -> None:
        """Publish what is in hand and give everything up."""
        self._leaving = True
        await asyncio.gather(*(held.give_up(publish=True) for held in self._held.values()))
        self._held.clear()


class _Partition:
    """One partition in hand: its processor, its transactional producer, the offset it has settled."""

    def __init__(
        self,
        part: TopicPartition,
        service: str,
        producer: AIOKafkaProducer,
        processor: Processor,
        outbox: Outbox,
        offset: int,
        partials: Publisher,
    ) -> None:
        self._part = part
        self._service = service
        self._producer = producer
        self._processor = processor
        self._outbox = outbox
        self._partials = partials
        self._inbox: deque[tuple[int, Received[Any] | None]] = deque()
        self._arrived = asyncio.Event()
        self._may_commit = asyncio.Event()
        self._may_commit.set()
        self._committing = asyncio.Lock()
        self._position = self._committed = self.next_offset = offset
        self._settled_at = self._moved_at = asyncio.get_running_loop().time()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, group: asyncio.TaskGroup) -> None:
        self._tasks = [group.create_task(loop) for loop in (self._feed(), self._commit(), self._send_partials())]

    @property
    def waiting(self) -> int:
        """Records that wait to be handled."""
        return len(self._inbox)

    def accept(self, offset: int, received: Received[Any] | None) -> None:
        """Queue a record (None: unreadable, only to be passed over)."""
        if not self._inbox:
            self._moved_at = asyncio.get_running_loop().time()
        self._inbox.append((offset, received))
        self.next_offset = offset + 1
        self._arrived.set()

    def check_moving(self) -> None:
        """Raises Fatal where a record has been in the processor's hands for too long."""
        if self._inbox and asyncio.get_running_loop().time() - self._moved_at > _STUCK_S:
            raise Fatal(f"partition {self._part.partition} has handled nothing for {_STUCK_S:g} s")

    async def hold(self) -> None:
        """Publish nothing from the end of the running transaction on."""
        self._may_commit.clear()
        async with self._committing:
            pass

    def go_on(self) -> None:
        self._may_commit.set()

    async def give_up(self, publish: bool = False) -> None:
        """Stop; with ``publish``, commit what the processor still had to say."""
        async with self._committing:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._processor.close()
        if publish:
            await self._transact(last=True)
        await stop(self._producer)

    async def _feed(self) -> None:
        while True:
            if not self._inbox:
                self._moved_at = asyncio.get_running_loop().time()
                self._arrived.clear()
                await self._arrived.wait()
            offset, received = self._inbox[0]
            if received is not None:
                await self._processor.handle(received)
            self._inbox.popleft()
            self._position = offset + 1
            self._moved_at = asyncio.get_running_loop().time()

    async def _commit(self) -> None:
        while True:
            settle_in_s = self._settled_at + _SETTLE_EVERY_S - asyncio.get_running_loop().time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, settle_in_s)):
                    await self._outbox.changed.wait()
            await self._may_commit.wait()
            async with self._committing:
                await self._transact()

    async def _transact(self, last: bool = False) -> None:
        """One transaction with all that is ready: records, or about once a second the offset that they settled.

        An offset takes several round trips, so records don't wait for it unless it is overdue. An older offset is as
        safe: a takeover replays more, and knows from our output what to skip.
        """
        records = self._outbox.take()
        settled = max(self._processor.settled(self._position), self._committed)
        now = asyncio.get_running_loop().time()
        due = now - self._settled_at >= (_OVERDUE_S if records else _SETTLE_EVERY_S)
        settle = settled > self._committed and (due or last)
        if settle or due:
            self._settled_at = now
        if not records and not settle:
            return
        try:
            with _transaction_seconds.time():
                async with asyncio.timeout(_TRANSACTION_S):
                    # Never aborted: that may hang as well. Whatever fails ends the process, and the next fence aborts.
                    await self._producer.begin_transaction()
                    sent = [
                        await self._producer.send(
                            topic,
                            value=encoded.value,
                            key=encoded.key,
                            headers=list(encoded.headers),
                            partition=self._part.partition,
                        )
                        for topic, encoded in records
                    ]
                    if settle:
                        await self._producer.send_offsets_to_transaction({self._part: settled}, self._service)
                    await asyncio.gather(*sent)
                    await self._producer.commit_transaction()
        except KafkaError as fault:  # ProducerFenced among them
            raise Fatal(f"transaction of partition {self._part.partition}: {type(fault).__name__} {fault}") from fault
        except TimeoutError:
            raise Fatal(f"transaction of partition {self._part.partition} took over {_TRANSACTION_S:g} s") from None
        if settle:
            self._committed = settled

    async def _send_partials(self) -> None:
        while True:
            await self._outbox.partials_changed.wait()
            for topic, record in self._outbox.take_partials():
                await self._partials.send(topic, record)
