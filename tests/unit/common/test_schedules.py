"""The code that holds partitions, under schedules of moves, rebalances, kills, drains and pauses that are made up.

``tests/faults/model.py`` searches a model of the same through all interleavings; here it is the code itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import product

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.common.contracts import Final, Frame
from services.common.errors import Fatal, causes
from services.common.kafka import Cluster, Outbox, Received, process_partitions, processing, publisher, reader
from services.common.topics import AUDIO, TRANSCRIPTS, Encoded
from tests.often import often
from tests.unit.common.simulated_kafka import Broker, Consumer, Loop, Move, Process, Producer

SESSIONS = (("a", "b"), ("c",))
"""By partition."""
EACH = 3
"""Records of each session."""
PROCESSES = 2
KILLS = DRAINS = 2
PASSES = 8
PASS_S = 1.1
"""More than the time between two offsets, less than the patience with anything."""
ENOUGH = 3_000
"""Moves after which all must be done."""

SCHEDULES = st.lists(st.integers(0, 999), min_size=200, max_size=400)
"""Which of the possible moves is made, time after time; when it is through, always the oldest."""
BEFALLS = 950
"""From this number on somebody is befallen by something."""


def inputs() -> list[list[Encoded]]:
    """Records of each partition, its sessions in turn."""
    return [
        [
            AUDIO.encode(
                Frame(session_id=name, language="en", seq=seq, first_sample=0, captured_at_ms=0, received_at_ms=0)
            )
            for seq in range(EACH)
            for name in names
        ]
        for names in SESSIONS
    ]


class Recognizer:
    """Says of each record that it was heard, some time after it; sessions overtake each other."""

    def __init__(self, process: Process, outbox: Outbox) -> None:
        self._process = process
        self._outbox = outbox
        self._next: dict[str, int] = defaultdict(int)
        self._unsaid: dict[int, Received[Frame]] = {}
        self._saying: dict[str, asyncio.Task[None]] = {}
        self._heard_to: int | None = None

    async def restore(self, tail: AsyncIterator[Received[Final]]) -> None:
        async for received in tail:
            self._next[received.record.session_id] = received.record.index + 1

    async def handle(self, received: Received[Frame]) -> None:
        if self._heard_to is not None and received.offset != self._heard_to + 1:
            self._process.faults.append(f"{received.offset} came after {self._heard_to}")
        self._heard_to = received.offset
        session = received.record.session_id
        if received.record.seq < self._next[session]:
            return
        self._unsaid[received.offset] = received
        if session not in self._saying or self._saying[session].done():
            self._saying[session] = asyncio.get_running_loop().create_task(self._say(session))

    async def _say(self, session: str) -> None:
        while waiting := [one for one in self._unsaid.values() if one.record.session_id == session]:
            await self._process.turn()
            received = waiting[0]
            self._outbox.put(TRANSCRIPTS, Final(session_id=session, language="en", index=received.record.seq, words=()))
            self._next[session] = received.record.seq + 1
            del self._unsaid[received.offset]

    def settled(self, position: int) -> int:
        return min(self._unsaid, default=position)

    async def close(self) -> None:
        for saying in self._saying.values():
            saying.cancel()
        await asyncio.gather(*self._saying.values(), return_exceptions=True)


class Hasty(Recognizer):
    """Holds for settled what it has only heard."""

    def settled(self, position: int) -> int:
        return position


class Forgetful(Recognizer):
    """Doesn't look at what is published."""

    async def restore(self, tail: AsyncIterator[Received[Final]]) -> None:
        async for _ in tail:
            pass


class World:
    """Some processes on one broker, and what may befall them. Close it."""

    def __init__(self, make: Callable[[Process, Outbox], Recognizer] = Recognizer) -> None:
        self.loop = Loop()
        self.loop.set_exception_handler(lambda *_: None)  # tasks of killed processes are nobody's
        self.broker = Broker(AUDIO.name, TRANSCRIPTS.name, inputs())
        self.moves: list[Move] = []
        self._make = make
        self._lives: dict[str, Process] = {}
        self._left = {"kill": KILLS, "drain": DRAINS, "time": PASSES}
        self._given: tuple[Process, ...] = ()
        """By partition: who has it, as far as the group knows."""
        self._processes = [self._start(number) for number in range(PROCESSES)]

    def _start(self, number: int) -> Process:
        name = f"{number}.{len(self._lives)}"
        process = self._lives[name] = Process(self.loop, self.broker, self.moves)
        process.task = self.loop.create_task(
            process_partitions(
                cluster=Cluster(name),
                service="copier",
                instance=str(number),
                source=AUDIO,
                output=TRANSCRIPTS,
                make=lambda _, outbox: self._make(process, outbox),
                drain=process.drain,
            )
        )
        return process

    @contextmanager
    def clients(self) -> Iterator[None]:
        """Kafka's clients are those of this world."""

        def consumer(*_: str, bootstrap_servers: str, **__: object) -> Consumer:
            return Consumer(self._lives[bootstrap_servers])

        def producer(*, bootstrap_servers: str, transactional_id: str | None = None, **_: object) -> Producer:
            return Producer(self._lives[bootstrap_servers], transactional_id)

        with pytest.MonkeyPatch.context() as patch:
            for module in (processing, reader):
                patch.setattr(module, "AIOKafkaConsumer", consumer)
            for module in (processing, publisher):
                patch.setattr(module, "AIOKafkaProducer", producer)
            yield

    # -- what may happen --

    def happens(self, number: int) -> None:
        """One of all that may happen now: a move of somebody, or something that befalls them."""
        befalls = list(self._befalls())
        if self.moves and (number < BEFALLS or not befalls):
            self._move(self.moves[number % len(self.moves)])
        elif befalls:
            befalls[number % len(befalls)]()
        self.loop.settle()
        self.check()

    def _move(self, move: Move) -> None:
        self.moves.remove(move)
        move.happen()

    def _befalls(self) -> Iterator[Callable[[], None]]:
        ready = [process for process in self._processes if process.lives and process.member]
        for parts in product(ready, repeat=len(SESSIONS)):
            yield partial(self._rebalance, parts)
        for number, process in enumerate(self._processes):
            if not process.lives:
                yield partial(self._start_again, number)
            elif self._left["kill"]:
                yield partial(self._kill, process)
        if self._left["drain"]:
            yield from (partial(self._drain, process) for process in ready if not process.drain.is_set())
        if self._left["time"]:
            yield self._time_passes

    def _rebalance(self, parts: tuple[Process, ...]) -> None:
        self._given = parts
        for process in self._processes:
            if process.lives and process.member:
                process.give({TopicPartition(AUDIO.name, at) for at, its in enumerate(parts) if its is process})

    def _start_again(self, number: int) -> None:
        self._raise_what_should_not_be(self._processes[number])
        self._processes[number] = self._start(number)

    def _kill(self, process: Process) -> None:
        self._left["kill"] -= 1
        process.kill()

    def _drain(self, process: Process) -> None:
        self._left["drain"] -= 1
        process.drain.set()

    def _time_passes(self) -> None:
        self._left["time"] -= 1
        self.loop.now += PASS_S

    def _raise_what_should_not_be(self, process: Process) -> None:
        """A process may end because it is fenced, cut off or stands still, and for no other reason."""
        if process.task is None or process.task.cancelled() or (fault := process.task.exception()) is None:
            return
        for cause in causes(fault):
            if not isinstance(cause, (Fatal, KafkaError)):
                raise cause

    # -- what must be so --

    def check(self) -> None:
        """Nothing is out twice or out of order, what is settled is out, and every processor has each record once."""
        assert [fault for process in self._lives.values() for fault in process.faults] == []
        for at in range(len(SESSIONS)):
            out = self._out(at)
            settled = self.broker.inputs[at][: self.broker.committed.get(at, 0)]
            for session, indexes in out.items():
                assert indexes == list(range(len(indexes))), f"{session}: {indexes}"
            for encoded in settled:
                frame = AUDIO.decode(encoded.value, encoded.headers)
                assert frame.seq in out[frame.session_id], f"{frame.session_id} {frame.seq} is settled and not out"

    def _out(self, partition: int) -> dict[str, list[int]]:
        out: dict[str, list[int]] = defaultdict(list)
        for encoded in self.broker.records(TopicPartition(TRANSCRIPTS.name, partition)):
            final = TRANSCRIPTS.decode(encoded.value, encoded.headers)
            assert isinstance(final, Final)
            out[final.session_id].append(final.index)
        return out

    @property
    def done(self) -> bool:
        return all(self.broker.committed.get(at) == len(self.broker.inputs[at]) for at in range(len(SESSIONS)))

    def comes_to_its_end(self) -> None:
        """Everything goes on now, nothing befalls anybody any more: all must be out and settled soon."""
        for number in range(ENOUGH):
            if self.done:
                return
            for at, process in enumerate(self._processes):
                if not process.lives:
                    self._start_again(at)
            self.loop.settle()
            ready = [process for process in self._processes if process.member]
            if ready and any(not process.lives for process in self._given or [Process(self.loop, self.broker, [])]):
                self._rebalance(tuple(ready[0] for _ in SESSIONS))
            if number % 50 == 49:
                self.loop.now += PASS_S
            self._move(self.moves[0])
            self.loop.settle()
            self.check()
        raise AssertionError("it stands still")

    def close(self) -> None:
        for process in self._processes:
            process.kill()
        self.loop.settle()
        self.loop.close()


def live(schedule: Sequence[int], make: Callable[[Process, Outbox], Recognizer] = Recognizer) -> None:
    """A world under a schedule, to its end. Raises AssertionError where something is lost, repeated or stands still."""
    world = World(make)
    with world.clients(), capture_logs():
        try:
            world.loop.settle()
            for number in schedule:
                world.happens(number)
            world.comes_to_its_end()
        finally:
            world.close()


@settings(max_examples=often(150))
@given(SCHEDULES)
def test_everything_is_out_once_and_in_order_whatever_befalls_whom_when(schedule: list[int]) -> None:
    live(schedule)


@pytest.mark.parametrize("make", [Hasty, Forgetful])
def test_a_processor_that_breaks_a_rule_is_caught(make: Callable[[Process, Outbox], Recognizer]) -> None:
    @settings(max_examples=500, database=None, phases=[Phase.generate])
    @given(SCHEDULES)
    def broken(schedule: list[int]) -> None:
        live(schedule, make)

    with pytest.raises(AssertionError):
        broken()
