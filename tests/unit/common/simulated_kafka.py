"""Kafka and some processes in one event loop in which nothing moves but by a schedule's choice.

Every request makes two moves, its way to the broker and the answer's way back, so that a process may die, be fenced or
lose a partition at any place between them; a process that isn't moved is a paused one. The clock stands still unless it
is moved as well. As much of the client's and the broker's behaviour as ``services.common.kafka.processing`` relies on.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaConnectionError, ProducerFenced

from services.common.topics import Encoded

T = TypeVar("T")
_AT_ONCE = 2
"""Records that a fetch brings at most."""


class Loop(asyncio.SelectorEventLoop):
    """Its clock is ``now``, in seconds."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def settle(self) -> None:
        """Run until nothing is left to do without a move."""
        while True:
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready:  # type: ignore[attr-defined]  # nobody else knows
                return


@dataclass
class Entry:
    """A record in the output's log."""

    partition: int
    encoded: Encoded
    transaction: str
    committed: bool | None = None
    """None: its transaction is open."""


@dataclass
class Broker:
    """One input topic that is all there from the beginning, one output topic, one group."""

    source: str
    output: str
    inputs: Sequence[Sequence[Encoded]]
    """By partition."""
    log: list[Entry] = field(default_factory=list)
    committed: dict[int, int] = field(default_factory=dict)
    """By input partition: the group's offset."""
    epochs: dict[str, int] = field(default_factory=dict)
    offsets: dict[str, dict[int, int]] = field(default_factory=dict)
    """By transactional id: what its open transaction would commit."""

    def records(self, part: TopicPartition) -> list[Encoded]:
        """What a consumer of committed records can read."""
        if part.topic == self.source:
            return list(self.inputs[part.partition])
        of_it = [entry for entry in self.log if entry.partition == part.partition]
        stable = next((at for at, entry in enumerate(of_it) if entry.committed is None), len(of_it))
        return [entry.encoded for entry in of_it[:stable] if entry.committed]

    def fence(self, transactional_id: str) -> int:
        """A new epoch; what the one before has not committed is aborted."""
        self._end(transactional_id, False)
        self.offsets.pop(transactional_id, None)
        self.epochs[transactional_id] = epoch = self.epochs.get(transactional_id, 0) + 1
        return epoch

    def append(self, transactional_id: str, epoch: int, entries: Collection[Entry]) -> None:
        self._check(transactional_id, epoch)
        self.log.extend(entries)

    def add_offsets(self, transactional_id: str, epoch: int, offsets: dict[int, int]) -> None:
        self._check(transactional_id, epoch)
        self.offsets.setdefault(transactional_id, {}).update(offsets)

    def commit(self, transactional_id: str, epoch: int) -> None:
        self._check(transactional_id, epoch)
        self._end(transactional_id, True)
        self.committed |= self.offsets.pop(transactional_id, {})

    def _check(self, transactional_id: str, epoch: int) -> None:
        if self.epochs[transactional_id] != epoch:
            raise ProducerFenced

    def _end(self, transactional_id: str, committed: bool) -> None:
        for entry in self.log:
            if entry.transaction == transactional_id and entry.committed is None:
                entry.committed = committed


@dataclass
class Move:
    """Something that may happen next."""

    process: "Process"
    happen: Callable[[], object]


@dataclass(eq=False)
class Process:
    """One life of a service, from its start to its end. Its clients are told apart by their bootstrap address."""

    loop: Loop
    broker: Broker
    moves: list[Move]
    """Of all processes."""
    drain: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    member: "Consumer | None" = None
    """Once it has subscribed."""
    faults: list[str] = field(default_factory=list)
    """What it found amiss itself."""
    _told: set[TopicPartition] | None = None
    _rebalancing: "asyncio.Task[None] | None" = None

    @property
    def lives(self) -> bool:
        return self.task is not None and not self.task.done()

    async def turn(self) -> None:
        """Stand still until the schedule has us go on."""
        if self.task is None:  # it was killed: nothing is sent any more
            raise KafkaConnectionError
        turn = self.loop.create_future()
        self.moves.append(Move(self, partial(_done, turn)))
        await turn

    async def request(self, effect: Callable[[], T]) -> T:
        """The broker does something and answers; it may be that it does and its answer never comes."""
        await self.turn()
        try:
            answer = effect()
        finally:
            await self.turn()
        return answer

    def kill(self) -> None:
        """SIGKILL."""
        task, self.task = self.task, None
        self.moves[:] = [move for move in self.moves if move.process is not self]
        for running in (task, self._rebalancing):
            if running is not None:
                running.cancel()

    def give(self, parts: set[TopicPartition]) -> None:
        """The group has these for it; it learns so when the schedule has it."""
        self._told = parts
        if self._rebalancing is None or self._rebalancing.done():
            self._rebalancing = self.loop.create_task(self._rebalance())

    async def _rebalance(self) -> None:
        while (parts := self._told) is not None:
            await self.turn()
            member = self.member
            assert member is not None
            await _swallowing(member.listener.on_partitions_revoked(member.assignment()))
            await self.turn()
            if (parts := self._told) is not None:
                self._told = None
                refreshing = member.be_given(parts)
                await _swallowing(member.listener.on_partitions_assigned(parts))
                await refreshing


def _done(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)


async def _swallowing(call: Any) -> None:
    try:
        await call
    except Exception:  # the client logs it, and no more
        return


class Consumer:
    """Of a group's member, or of somebody who reads a partition by himself."""

    listener: ConsumerRebalanceListener

    def __init__(self, process: Process) -> None:
        self._process = process
        self._positions: dict[TopicPartition, int | None] = {}
        self._paused: set[TopicPartition] = set()

    async def start(self) -> None:
        await self._process.turn()

    async def stop(self) -> None:
        pass

    def subscribe(self, _: Collection[str], listener: ConsumerRebalanceListener) -> None:
        self.listener, self._process.member = listener, self

    def assign(self, parts: Collection[TopicPartition]) -> None:
        self._positions = dict.fromkeys(parts, 0)

    def be_given(self, parts: set[TopicPartition]) -> "asyncio.Task[None]":
        """By the group. Positions are those that are committed, once they are known, unless others are sought first."""
        self._positions, self._paused = dict.fromkeys(parts), set()
        return asyncio.get_running_loop().create_task(self._refresh())

    async def _refresh(self) -> None:
        committed = await self._process.request(lambda: dict(self._process.broker.committed))
        for part, position in self._positions.items():
            if position is None:
                self._positions[part] = committed.get(part.partition, 0)

    def assignment(self) -> set[TopicPartition]:
        return set(self._positions)

    def paused(self) -> set[TopicPartition]:
        return set(self._paused)

    def pause(self, *parts: TopicPartition) -> None:
        self._must_have(parts)
        self._paused |= set(parts)

    def resume(self, *parts: TopicPartition) -> None:
        self._must_have(parts)
        self._paused -= set(parts)

    def seek(self, part: TopicPartition, offset: int) -> None:
        self._must_have([part])
        self._positions[part] = offset

    def _must_have(self, parts: Collection[TopicPartition]) -> None:
        if set(parts) - self._positions.keys():
            raise IllegalStateError

    async def position(self, part: TopicPartition) -> int | None:
        return self._positions[part]

    async def committed(self, part: TopicPartition) -> int | None:
        return await self._process.request(lambda: self._process.broker.committed.get(part.partition))

    async def beginning_offsets(self, parts: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return await self._process.request(lambda: dict.fromkeys(parts, 0))

    async def end_offsets(self, parts: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        broker = self._process.broker
        return await self._process.request(lambda: {part: len(broker.records(part)) for part in parts})

    async def getmany(self, **_: int) -> dict[TopicPartition, list[Any]]:
        await self._process.turn()
        batches: dict[TopicPartition, list[Any]] = {}
        for part, position in self._positions.items():
            if position is None or part in self._paused:
                continue
            found = self._process.broker.records(part)[position : position + _AT_ONCE]
            if found:
                batches[part] = [_raw(part, position + at, encoded) for at, encoded in enumerate(found)]
                self._positions[part] = position + len(found)
        return batches


def _raw(part: TopicPartition, offset: int, encoded: Encoded) -> Any:
    return ConsumerRecord(
        part.topic, part.partition, offset, 0, 0, encoded.key, encoded.value, None, 1, 0, encoded.headers
    )


class Producer:
    """Transactional, or one for partials, of which there are none."""

    def __init__(self, process: Process, transactional_id: str | None) -> None:
        self._process = process
        self._id = transactional_id or ""
        self._epoch = 0
        self._unsent: list[Entry] = []
        self._sending: asyncio.Task[None] | None = None
        self._txn_manager = self

    async def start(self) -> None:
        if self._id:
            self._epoch = await self._process.request(lambda: self._process.broker.fence(self._id))

    async def stop(self) -> None:
        pass

    async def begin_transaction(self) -> None:
        pass

    def maybe_add_partition_to_txn(self, part: TopicPartition) -> None:
        pass

    async def send(self, _: str, *, value: bytes, key: bytes, headers: Any, partition: int) -> "asyncio.Task[None]":
        """Whatever was given before the request goes is in it, in order."""
        self._unsent.append(Entry(partition, Encoded(key, value, tuple(headers)), self._id))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send())
        return self._sending

    async def _send(self) -> None:
        while self._unsent:
            await self._process.request(self._append)

    def _append(self) -> None:
        entries, self._unsent = self._unsent, []
        self._process.broker.append(self._id, self._epoch, entries)

    async def send_offsets_to_transaction(self, offsets: dict[TopicPartition, int], _: str) -> None:
        by_partition = {part.partition: offset for part, offset in offsets.items()}
        await self._process.request(partial(self._process.broker.add_offsets, self._id, self._epoch, by_partition))

    async def commit_transaction(self) -> None:
        if self._sending is not None:
            await self._sending
        await self._process.request(partial(self._process.broker.commit, self._id, self._epoch))
