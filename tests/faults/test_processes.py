"""One run of a service, as a fault looks at it."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from services.cli.stack import Instance
from services.cli.stack.process import Process
from tests.faults.engines import Orders
from tests.faults.faults import processes
from tests.faults.faults.instance import Run
from tests.faults.faults.processes import KilledInTransaction, Scaled
from tests.faults.moment import COMMITTING, order
from tests.faults.scene import Harmless, Scene
from tests.faults.uncommitted import beyond

OLD, NEW = (f'{{"partition":{number},"event":"partition_taken"}}\n' for number in (1, 2))


@dataclass
class Running:
    """As much of an instance as is looked at."""

    name: str
    log: Path
    _process: Process
    service: str = "translator"

    @property
    def pid(self) -> int:
        return self._process.pid


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """It goes on until it is told otherwise, and logged something in an earlier run."""
    log = tmp_path / "log"
    log.write_text(OLD)
    process = Process("sleeper", ["sleep", "60"], log=log, env={"PATH": "/usr/bin:/bin"})
    yield process
    process.kill_group()


@pytest.fixture
def instance(process: Process) -> Instance:
    return cast(Instance, Running("sleeper-1", process.log, process))


def test_only_what_it_logs_from_now_on_counts(instance: Instance) -> None:
    run = Run(instance)
    assert run.taken == set()
    with instance.log.open("a") as log:
        log.write(NEW)
    assert run.taken == {"2"}
    assert run.said == NEW


@pytest.mark.parametrize(("what", "was_killed"), [(signal.SIGKILL, True), (signal.SIGTERM, False)])
def test_only_who_was_there_until_kill_9_was_killed(
    process: Process, instance: Instance, what: signal.Signals, was_killed: bool
) -> None:
    run = Run(instance)
    assert not run.has_ended
    run.send(what)
    process._popen.wait(10)
    assert (run.has_ended, run.was_killed) == (True, was_killed)


def test_who_is_down_already_can_t_be_harmed(process: Process, instance: Instance) -> None:
    process.kill_group()
    with pytest.raises(Harmless):
        Run(instance)


@pytest.mark.parametrize("left", [0, 3])
async def test_who_is_killed_in_a_transaction_has_to_leave_records_in_it(
    process: Process, instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    moment = Orders(tmp_path / "moment")
    ordered = list[str]()

    @asynccontextmanager
    async def open_records(_: str, topic: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
        async def count() -> int:
            assert process.exit_code is not None
            return left

        assert (topic, moment.current) == ("translations", "")
        yield count

    async def see(happened: Callable[[], bool], *_: Any) -> None:
        ordered.append(moment.current)
        process.kill_group()
        assert happened()

    monkeypatch.setattr(processes, "uncommitted", open_records)
    scene = cast(
        Scene,
        SimpleNamespace(
            stack={"translator": instance},
            platform=SimpleNamespace(broker=SimpleNamespace(bootstrap="")),
            moment=moment,
            see=see,
            seen=0,
        ),
    )
    with nullcontext() if left else pytest.raises(Harmless):
        await KilledInTransaction(service="translator").inject(scene)
    assert scene.seen == left
    assert ordered == [order("translator", COMMITTING, signal.SIGKILL)]
    assert moment.current == ""


@pytest.mark.parametrize("dies", [False, True])
async def test_who_is_scaled_in_hands_its_partitions_back_and_nobody_dies(
    process: Process, instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    monkeypatch.setattr(processes, "_BESIDE_S", 0.0)
    log = tmp_path / "second"
    log.write_text("")
    second = Process("second", ["sleep", "60"], log=log, env={"PATH": "/usr/bin:/bin"})

    async def stop() -> None:
        if dies:
            process.kill_group()
        await second.stop(10)

    async def see(happened: Callable[[], bool], what: str, _: float) -> None:
        assert not happened(), what
        with (log if "second" in what else instance.log).open("a") as file:
            file.write(NEW)
        assert happened(), what

    joined = SimpleNamespace(service="translator", name="second", log=log, _process=second, stop=stop)
    stack = type("Stack", (dict,), {"start": lambda *_: joined, "instances": (instance, joined)})(translator=instance)
    with pytest.raises(Harmless) if dies else nullcontext():
        await Scaled(service="translator").inject(cast(Scene, SimpleNamespace(stack=stack, see=see)))
    assert second.exit_code == -signal.SIGTERM


def test_open_records_are_those_between_the_ends_of_either_reader() -> None:
    first, second = TopicPartition("transcripts", 0), TopicPartition("transcripts", 1)
    assert beyond({first: 7, second: 4}, {first: 10, second: 4}) == 3
    assert beyond({first: 7}, {first: 7}) == 0
