"""One run of a service, as a fault looks at it."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from services.cli.stack import Instance
from services.cli.stack.process import Process
from tests.faults.faults.processes import Run
from tests.faults.scene import Harmless

OLD, NEW = (f'{{"partition":{number},"event":"partition_taken"}}\n' for number in (1, 2))


@dataclass
class Running:
    """As much of an instance as is looked at."""

    name: str
    log: Path
    _process: Process


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
