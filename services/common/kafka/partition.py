"""One partition in hand: what is published of it, in its own transactions, and how far its input is settled."""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from services.common.errors import Fatal, RecordRefused, ends_process, told
from services.common.kafka import metrics
from services.common.kafka.cluster import Received, stop
from services.common.kafka.dead import DeadLetters
from services.common.kafka.publisher import Publisher
from services.common.topics import Encoded, Headers, R, Topic

TRANSACTION_S = 10.0
"""A transaction may hang for ever after a broker's death: past this the process ends."""
OPEN_S = 4.0
"""A transaction begun ahead is ended after this."""
_SETTLE_EVERY_S = 1.0
_OVERDUE_S = 5.0
_STUCK_S = 90.0
"""Longer than a session holds the input back before it gives audio up: or one would end the process for all."""
_PARTIALS_HELD = 64


class Outbox:
    """What a processor publishes. All calls are synchronous, so that output and settled input stay in step."""

    def __init__(self, dead: DeadLetters | None = None) -> None:
        """dead: where records go at which the processor failed (None: into the log)."""
        self._dead = dead or DeadLetters()
        self._records: list[tuple[str, Encoded]] = []
        self._fault: BaseException | None = None
        self._partials: deque[tuple[Topic[Any], Any]] = deque(maxlen=_PARTIALS_HELD)
        self.changed = asyncio.Event()
        self.partials_changed = asyncio.Event()

    def put(self, topic: Topic[R], record: R, headers: Headers = ()) -> None:
        """Publish in the partition's next transaction, in the order of the calls. headers: besides the topic's own."""
        encoded = topic.encode(record)
        self._records.append((topic.name, replace(encoded, headers=(*encoded.headers, *headers))))
        self.changed.set()

    def put_partial(self, topic: Topic[R], record: R) -> None:
        """Publish outside transactions, best effort; the oldest are dropped when Kafka is slow."""
        self._partials.append((topic, record))
        self.partials_changed.set()

    def set_aside(self, records: Sequence[Received[Any]], fault: BaseException) -> None:
        """Input that is passed over, for what was made of it failed for good. Say so in the output as well."""
        for number, received in enumerate(records):
            self._dead.take("record_failed", received, told(fault), logged=number == 0)

    def fail(self, fault: BaseException) -> None:
        """Something of the processor failed that is not one session's matter alone: end the process with this."""
        self._fault = fault
        self.changed.set()

    def take(self) -> list[tuple[str, Encoded]]:
        """All that was put and not yet taken. Raises what the processor failed with."""
        if self._fault is not None:
            raise self._fault
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
        """Take one input record, in order. Await only to hold the input back.

        A record at which this raises is set aside, and the next one is handled: RecordRefused, or a fault of ours.
        Only what ``ends_process`` is raised further.
        """

    def settled(self, position: int) -> int:
        """First input offset not yet settled for every session; ``position`` (the next to be handled) if all are."""

    async def close(self) -> None:
        """The partition is lost or the process stops: end all tasks. What is put now may still be published."""


class Partition:
    """One partition in hand: its processor, its transactional producer, the offset it has settled."""

    def __init__(
        self,
        part: TopicPartition,
        service: str,
        producer: AIOKafkaProducer,
        output: str,
        processor: Processor,
        outbox: Outbox,
        offset: int,
        partials: Publisher,
        dead: DeadLetters,
    ) -> None:
        self._part = part
        self._service = service
        self._producer = producer
        self._output = TopicPartition(output, part.partition)
        self._processor = processor
        self._outbox = outbox
        self._partials = partials
        self._dead = dead
        self._inbox: deque[tuple[Any, Received[Any] | None]] = deque()
        self._arrived = asyncio.Event()
        self._may_commit = asyncio.Event()
        self._may_commit.set()
        self._committing = asyncio.Lock()
        self._position = self._committed = self.next_offset = offset
        self._settled_at = self._moved_at = asyncio.get_running_loop().time()
        self._published_at = self._begun_at = -math.inf
        self._begun = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, group: asyncio.TaskGroup) -> None:
        self._tasks = [group.create_task(loop) for loop in (self._feed(), self._commit(), self._send_partials())]

    @property
    def waiting(self) -> int:
        """Records that wait to be handled."""
        return len(self._inbox)

    def accept(self, raw: Any, received: Received[Any] | None) -> None:
        """Queue a consumer's record, with what it says (None: unreadable, only to be passed over)."""
        if not self._inbox:
            self._moved_at = asyncio.get_running_loop().time()
        self._inbox.append((raw, received))
        self.next_offset = raw.offset + 1
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
            raw, received = self._inbox[0]
            if received is not None:
                try:
                    await self._processor.handle(received)
                except RecordRefused as fault:
                    self._dead.take("record_refused", raw, str(fault))
                except Exception as fault:  # once more with the same record would be the same fault, for ever
                    if isinstance(fault, KafkaError) or ends_process(fault):
                        raise
                    self._dead.take("record_failed", raw, told(fault), fault=fault)
            self._inbox.popleft()
            self._position = raw.offset + 1
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
        safe: a takeover replays more, and knows from our output what to skip. Nor do they wait for their transaction
        to begin: as long as records come now and then, the next one is begun as soon as the last has ended.
        """
        records = self._outbox.take()
        now = asyncio.get_running_loop().time()
        due = last or now - self._settled_at >= (_OVERDUE_S if records else _SETTLE_EVERY_S)
        settled = max(self._processor.settled(self._position), self._committed) if due else self._committed
        settle = settled > self._committed
        if due:
            self._settled_at = now
        if records:
            self._published_at = now
        old = self._begun and (last or now - self._begun_at > OPEN_S)
        if not records and not settle and not old:
            return
        try:
            with metrics.TRANSACTION.time():
                async with asyncio.timeout(TRANSACTION_S):
                    # Never aborted: that may hang as well. Whatever fails ends the process, and the next fence aborts.
                    if not self._begun:
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
                    self._begun = not last and now - self._published_at < OPEN_S
                    if self._begun:
                        await self._begin_ahead()
        except KafkaError as fault:  # ProducerFenced among them
            raise Fatal(f"transaction of partition {self._part.partition}: {type(fault).__name__} {fault}") from fault
        except TimeoutError:
            raise Fatal(f"transaction of partition {self._part.partition} took over {TRANSACTION_S:g} s") from None
        if settle:
            self._committed = settled

    async def _begin_ahead(self) -> None:
        self._begun_at = asyncio.get_running_loop().time()
        await self._producer.begin_transaction()
        # The broker is told the partition now, not with the first record; the library has no public call for it.
        self._producer._txn_manager.maybe_add_partition_to_txn(self._output)

    async def _send_partials(self) -> None:
        while True:
            await self._outbox.partials_changed.wait()
            # Records that were put at the same moment go first: beside others each takes the broker twice as long.
            await asyncio.sleep(0)
            async with self._committing:
                pass
            for topic, record in self._outbox.take_partials():
                await self._partials.send(topic, record)
