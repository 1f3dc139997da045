"""The exactly-once engine itself, on a real broker, with processes that are killed and stopped."""

import asyncio
import contextlib
import signal
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import pytest

from services.cli.stack.broker import Broker
from services.cli.stack.process import base_environment
from services.common.contracts import Final, Frame
from services.common.kafka import Cluster, LogReader, Outbox, Publisher, Received, partition_of, process_partitions
from services.common.kafka import watch as kafka_watch
from services.common.kafka.admin import PARTITIONS
from services.common.topics import AUDIO, TRANSCRIPTS
from tests.figures import Figures, figures
from tests.integration.copier import Copier


class Workers:
    """Copier processes; one that ends is started again, as a supervisor would."""

    def __init__(self, broker: Broker) -> None:
        self._env = base_environment() | broker.environment
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watches: list[asyncio.Task[None]] = []
        self.ended = 0

    def start(self, instance: str) -> None:
        """Keep one more instance running."""
        self._watches.append(asyncio.create_task(self._run(instance)))

    async def stop(self) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def _run(self, instance: str) -> None:
        try:
            while True:
                process = self._processes[instance] = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.integration.copier", instance, env=self._env
                )
                await process.wait()
                self.ended += 1
        finally:
            with contextlib.suppress(ProcessLookupError):
                self._processes[instance].send_signal(signal.SIGCONT)
                self._processes[instance].kill()
            await self._processes[instance].wait()

    def send(self, instance: str, what: signal.Signals) -> None:
        self._processes[instance].send_signal(what)


@contextlib.asynccontextmanager
async def workers_on(broker: Broker) -> AsyncIterator[Workers]:
    """None yet; those that are started are stopped at the end."""
    workers = Workers(broker)
    try:
        yield workers
    finally:
        await workers.stop()


def a_frame(session: str, seq: int) -> Frame:
    return Frame(
        session_id=session, language="en", seq=seq, first_sample=seq * 1536, captured_at_ms=0, received_at_ms=0
    )


async def speak(publisher: Publisher, sessions: list[str], until: asyncio.Event) -> int:
    """About 80 frames a second over all sessions. Returns how many each got."""
    seq = 0
    while not until.is_set():
        await asyncio.gather(*(publisher.send(AUDIO, a_frame(session, seq)) for session in sessions))
        seq += 1
        await asyncio.sleep(0.1)
    return seq


class Heard:
    """What read-committed consumers of the output were given, in their order."""

    def __init__(self, sessions: list[str]) -> None:
        self._sessions = sessions
        self.indices: dict[str, list[int]] = defaultdict(list)
        self._changed = asyncio.Event()

    async def listen(self, cluster: Cluster) -> None:
        async with LogReader.open(cluster, [TRANSCRIPTS], client_id="test") as reader:
            async for received in reader.follow():
                self.indices[received.record.session_id].append(received.record.index)
                self._changed.set()

    async def until(self, condition: Callable[[], bool], limit_s: float) -> None:
        async with asyncio.timeout(limit_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def progress(self, limit_s: float = 60) -> None:
        """Every session is heard of again."""
        before = {session: len(self.indices[session]) for session in self._sessions}
        await self.until(lambda: all(len(self.indices[s]) > before[s] + 5 for s in self._sessions), limit_s)


Fault = Callable[[Workers, Heard], Awaitable[None]]


async def killed_and_restarted(workers: Workers, heard: Heard) -> None:
    """Alone, and again with another that takes a share."""
    workers.send("a", signal.SIGKILL)
    workers.start("b")
    await heard.progress()
    workers.send("a", signal.SIGKILL)
    await heard.progress()


async def paused_until_replaced(workers: Workers, heard: Heard) -> None:
    """The one that has everything is frozen; another takes it; the frozen one comes back."""
    workers.send("a", signal.SIGSTOP)
    workers.start("b")
    await heard.progress()  # the other one has all partitions now
    workers.send("a", signal.SIGCONT)
    await heard.progress()
    began = time.monotonic()
    while time.monotonic() - began < 10:  # the zombie finds out and both settle
        await heard.progress()


@pytest.mark.parametrize("fault", [killed_and_restarted, paused_until_replaced])
async def test_every_frame_is_processed_once_and_in_order_whatever_happens_to_the_workers(
    own_broker: Broker, fault: Fault
) -> None:
    cluster = own_broker.cluster
    sessions = [f"{uuid.uuid4()}" for _ in range(8)]
    heard, done = Heard(sessions), asyncio.Event()
    async with workers_on(own_broker) as workers, Publisher.open(cluster, "test") as publisher:
        listening = asyncio.create_task(heard.listen(cluster))
        speaking = asyncio.create_task(speak(publisher, sessions, done))
        workers.start("a")
        try:
            await heard.progress()
            await fault(workers, heard)
        finally:
            done.set()
            sent = await speaking
        await heard.until(lambda: all(len(heard.indices[s]) >= sent for s in sessions), 60)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    for session in sessions:
        assert heard.indices[session] == list(range(sent))
    assert workers.ended >= 1


class SlowCopier(Copier):
    """Takes its time over every record of the past."""

    async def restore(self, tail: AsyncIterator[Received[Any]]) -> None:
        async def slowly() -> AsyncIterator[Received[Any]]:
            async for received in tail:
                await asyncio.sleep(0.25)
                yield received

        await super().restore(slowly())


async def test_a_takeover_longer_than_the_group_s_patience_keeps_its_place_in_the_group(own_broker: Broker) -> None:
    past, sessions = one_for_each_partition("past"), one_for_each_partition("now")
    heard, done, drain, taking = Heard(sessions), asyncio.Event(), asyncio.Event(), asyncio.Event()

    def make(_: int, outbox: Outbox) -> SlowCopier:
        taking.set()
        return SlowCopier(outbox)

    def work(instance: str) -> Coroutine[Any, Any, None]:
        return process_partitions(
            cluster=own_broker.cluster,
            service="copier",
            instance=instance,
            source=AUDIO,
            output=TRANSCRIPTS,
            make=make,
            drain=drain,
        )

    async with Publisher.open(own_broker.cluster, "test") as publisher, asyncio.TaskGroup() as tasks:
        for index in range(32):  # eight seconds of them
            for session in past:
                await publisher.send(TRANSCRIPTS, Final(session_id=session, language="en", index=index, words=()))
        tasks.create_task(work("a"))
        await taking.wait()
        tasks.create_task(work("b"))
        listening = tasks.create_task(heard.listen(own_broker.cluster))
        speaking = tasks.create_task(speak(publisher, sessions, done))
        await heard.progress()
        done.set()
        sent = await speaking
        await heard.until(lambda: all(len(heard.indices[session]) >= sent for session in sessions), 30)
        listening.cancel()
        drain.set()
    assert all(heard.indices[session] == list(range(sent)) for session in sessions)


def one_for_each_partition(prefix: str) -> list[str]:
    names = [f"{prefix}-{number}" for number in range(100)]
    return [next(name for name in names if partition_of(name, PARTITIONS) == part) for part in range(PARTITIONS)]


async def test_readiness_tells_whether_the_broker_answers(own_broker: Broker) -> None:
    checks: dict[str, Callable[[], bool]] = {}
    drain = asyncio.Event()

    async def until_kafka_is(ready: bool) -> None:
        async with asyncio.timeout(30):
            while checks["kafka"]() is not ready:  # noqa: ASYNC110 (it is asked, it doesn't tell)
                await asyncio.sleep(0.05)

    sessions = one_for_each_partition("now")
    heard, done = Heard(sessions), asyncio.Event()
    async with Publisher.open(own_broker.cluster, "test") as publisher, asyncio.TaskGroup() as tasks:
        working = process_partitions(
            cluster=own_broker.cluster,
            service="copier",
            instance="a",
            source=AUDIO,
            output=TRANSCRIPTS,
            make=lambda _, outbox: Copier(outbox),
            drain=drain,
            ready_when=checks.__setitem__,
        )
        tasks.create_task(working)
        listening = tasks.create_task(heard.listen(own_broker.cluster))
        speaking = tasks.create_task(speak(publisher, sessions, done))
        await heard.progress()  # so every partition is taken
        done.set()
        await speaking
        listening.cancel()
        await until_kafka_is(True)
        own_broker.process.send(signal.SIGSTOP)
        await until_kafka_is(False)
        own_broker.process.send(signal.SIGCONT)
        await until_kafka_is(True)
        drain.set()


class HeldCopier(Copier):
    """Handles nothing until it may."""

    def __init__(self, outbox: Outbox, may: asyncio.Event) -> None:
        super().__init__(outbox)
        self._may = may

    async def handle(self, received: Received[Any]) -> None:
        await self._may.wait()
        await super().handle(received)


async def test_metrics_tell_how_many_records_wait_to_be_handled(
    own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_watch, "_CHECK_S", 0.1)
    drain, may = asyncio.Event(), asyncio.Event()

    async def until_behind(figure: Figures, records: int) -> None:
        async with asyncio.timeout(30):
            while await figure.value("dragoman_kafka_records_behind") != records:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async with Publisher.open(own_broker.cluster, "test") as publisher, figures() as figure:
        for session in one_for_each_partition("now"):
            for seq in range(5):
                await publisher.send(AUDIO, a_frame(session, seq))
        async with asyncio.TaskGroup() as tasks:
            working = process_partitions(
                cluster=own_broker.cluster,
                service="copier",
                instance="a",
                source=AUDIO,
                output=TRANSCRIPTS,
                make=lambda _, outbox: HeldCopier(outbox, may),
                drain=drain,
            )
            tasks.create_task(working)
            await until_behind(figure, 5 * PARTITIONS)
            may.set()
            await until_behind(figure, 0)
            drain.set()
        assert (await figure.grown("dragoman_kafka_transaction_seconds_count"))[()] >= PARTITIONS
