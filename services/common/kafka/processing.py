"""Exactly once from one topic to another: read, process and write in Kafka transactions, one per partition.

What a partition publishes becomes visible a transaction at a time, and so does the input offset that it settles.
Whoever is given a partition first fences whoever had it, only then asks for the committed offset, then looks at what
was already published.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.producer import sender

from services.common.clock import now_ms
from services.common.errors import Fatal
from services.common.kafka import metrics
from services.common.kafka.cluster import Cluster, Received, connect, stop
from services.common.kafka.dead import DeadLetters
from services.common.kafka.partition import OPEN_S, TRANSACTION_S, Outbox, Partition, Processor
from services.common.kafka.publisher import MAX_BATCH_BYTES, RETRY_BACKOFF_MS, Publisher
from services.common.kafka.reader import FETCH_WAIT_MS, LogReader, decoded
from services.common.kafka.watch import Watch
from services.common.topics import Topic

log = structlog.get_logger(__name__)

BETWEEN_TRANSACTIONS_S = 0.001
"""A producer's next transaction waits until the markers of the last are written: 1-2 ms. The library tries after 20."""
sender.BACKOFF_OVERRIDE = BETWEEN_TRANSACTIONS_S
_STALLED_S = 10.0
"""A rebalance or a takeover may last, since a day of output may have to be read, but not without any progress."""
_INBOX_FULL = 1000
_INBOX_LOW = 200

Make = Callable[[int, Outbox], Processor]


async def process_partitions(
    *,
    cluster: Cluster,
    service: str,
    instance: str,
    source: Topic[Any],
    output: Topic[Any],
    make: Make,
    drain: asyncio.Event,
    ready_when: Callable[[str, Callable[[], bool]], None] = lambda *_: None,
) -> None:
    """Process the partitions that the group ``service`` gives us until ``drain`` is set, then leave in order.

    ready_when: given a condition of readiness, "kafka": whether records flow.
    Raises Fatal in an exception group (fenced, stuck, Kafka gone for too long): end the process, another takes over.
    """
    client_id = f"{service}-{instance}"
    owner: _Owner | None = None
    ready_when("kafka", lambda: owner is not None and owner.flows)
    consumer = await connect(
        cluster,
        AIOKafkaConsumer,
        client_id=client_id,
        group_id=service,
        group_instance_id=client_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,
    )
    try:
        async with (
            Publisher.open(cluster, client_id) as partials,
            DeadLetters.open(cluster, service, [source]) as dead,
            asyncio.TaskGroup() as group,
        ):
            owner = _Owner(cluster, service, source, output, make, consumer, partials, dead, group)
            consumer.subscribe([source.name], listener=owner)
            await owner.poll(drain)
            await owner.leave()
    finally:
        await stop(consumer)


class _Owner(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions in hand: takes them over, feeds them, gives them up."""

    def __init__(
        self,
        cluster: Cluster,
        service: str,
        source: Topic[Any],
        output: Topic[Any],
        make: Make,
        consumer: AIOKafkaConsumer,
        partials: Publisher,
        dead: DeadLetters,
        group: asyncio.TaskGroup,
    ) -> None:
        self._cluster = cluster
        self._service = service
        self._source = source
        self._output = output
        self._make = make
        self._consumer = consumer
        self._partials = partials
        self._dead = dead
        self._group = group
        self._held: dict[TopicPartition, Partition] = {}
        self._takeovers: list[asyncio.Task[None]] = []
        self._fault: BaseException | None = None
        self._watch: Watch | None = None
        self._leaving = False

    @property
    def flows(self) -> bool:
        """False while the broker doesn't answer, or does but nothing can be read."""
        return self._watch is not None and not self._watch.waiting

    # -- rebalances: the client logs and swallows what these raise, so ``poll`` raises it again --

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish what is in a transaction and publish nothing until it is known who has what."""
        try:
            await self._drop_takeovers()
            await asyncio.gather(*(held.hold() for held in self._held.values()))
        except BaseException as fault:
            self._fault = fault
            raise

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Keep what stayed, give up what went, begin to take over what came.

        A takeover is a task of its own: until this returns the client sends no heartbeat, so the group would soon give
        the partitions to somebody else.
        """
        if self._leaving:
            return
        self._consumer.pause(*assigned)  # the consumer goes on fetching while this awaits
        lost = [self._held.pop(part) for part in self._held.keys() - assigned]
        try:
            for part, held in self._held.items():
                self._consumer.seek(part, held.next_offset)
                held.go_on()
            self._consumer.resume(*self._held)
            async with asyncio.timeout(_STALLED_S):
                await asyncio.gather(*(held.give_up() for held in lost))
            new = assigned - self._held.keys()
            self._takeovers = [self._group.create_task(self._take_over(part)) for part in new]
        except TimeoutError:
            self._fault = Fatal(f"partitions could not be given up within {_STALLED_S:g} s")
        except BaseException as fault:
            self._fault = fault
            raise

    async def _drop_takeovers(self) -> None:
        for takeover in self._takeovers:
            takeover.cancel()
        await asyncio.gather(*self._takeovers, return_exceptions=True)

    async def _take_over(self, part: TopicPartition) -> None:
        """Fence, then ask where it stands and seek there, then learn how far each session is. Raises Fatal."""
        began, loop = now_ms(), asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_STALLED_S) as limit, AsyncExitStack() as undo:

                def moved() -> None:
                    limit.reschedule(loop.time() + _STALLED_S)

                producer = await connect(
                    self._cluster,
                    AIOKafkaProducer,
                    transactional_id=f"{self._service}-{part.partition}",
                    acks="all",
                    linger_ms=0,
                    max_batch_size=MAX_BATCH_BYTES,
                    retry_backoff_ms=RETRY_BACKOFF_MS,
                    transaction_timeout_ms=int((OPEN_S + TRANSACTION_S) * 1000),
                )
                undo.push_async_callback(stop, producer)
                moved()
                log.info("partition_fenced", partition=part.partition)
                offset = await self._consumer.committed(part)
                if offset is None:
                    offset = (await self._consumer.beginning_offsets([part]))[part]
                self._consumer.seek(part, offset)
                moved()
                outbox = Outbox(self._dead)
                processor = self._make(part.partition, outbox)
                undo.push_async_callback(processor.close)
                async with LogReader.open(
                    self._cluster, [self._output], client_id=f"{self._service}-restore", partition=part.partition
                ) as tail:
                    await processor.restore(_telling(moved, tail.to_end()))
                undo.pop_all()
        except TimeoutError:
            raise Fatal(f"the takeover of partition {part.partition} stood still for {_STALLED_S:g} s") from None
        held = Partition(
            part, self._service, producer, self._output.name, processor, outbox, offset, self._partials, self._dead
        )
        self._held[part] = held
        held.start(self._group)
        self._consumer.resume(part)
        log.info("partition_taken", partition=part.partition, offset=offset, took_ms=round(now_ms() - began))

    # -- the poll loop --

    async def poll(self, drain: asyncio.Event) -> None:
        """Hand records to their partitions until drained. Raises Fatal, KafkaUnavailable."""
        self._watch = watch = Watch(self._consumer, TopicPartition(self._source.name, 0))
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
                    held.accept(raw, decoded(self._source, raw, read_at, self._dead))
            self._regulate()
            if await watch.check():
                metrics.BEHIND.set(sum(self._behind(part, watch) for part in self._held))

    def _behind(self, part: TopicPartition, watch: Watch) -> int:
        """Records that wait, here and at the broker. Markers of transactions count only where reading is paused."""
        held = self._held[part]
        read = watch.positions.get(part, held.next_offset)
        return held.waiting + max(0, watch.ends.get(part, read) - read)

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
        await self._drop_takeovers()
        await asyncio.gather(*(held.give_up(publish=True) for held in self._held.values()))
        self._held.clear()


async def _telling(moved: Callable[[], None], records: AsyncIterator[Received[Any]]) -> AsyncIterator[Received[Any]]:
    """The same records; ``moved`` is called for each."""
    async for received in records:
        moved()
        yield received
