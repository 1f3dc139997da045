"""Engines in worker processes: what a caller sees when one is slow, stuck, rude or dead."""

import asyncio
import multiprocessing
import os
import pickle
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NoReturn

import psutil
import pytest

from services.common.engine_host import EngineHost
from services.common.errors import EngineRejected, EngineUnavailable


class Engine:
    """Runs inside the workers."""

    def __init__(self, greeting: str = "hello") -> None:
        if greeting == "broken":
            raise RuntimeError("no such model")
        self._greeting = greeting

    def greet(self, name: str) -> str:
        return f"{self._greeting} {name}"

    def pid(self) -> int:
        return os.getpid()

    def sleep(self, seconds: float) -> int:
        time.sleep(seconds)
        return os.getpid()

    def stuck_in_native_code(self) -> None:
        re.match("(a+)+$", "a" * 60 + "b")

    def stop_in_the_answer(self) -> None:
        os.write(int(sys.argv[1]), struct.pack("!i", 100) + b"half")
        time.sleep(60)

    def die(self) -> None:
        os._exit(3)

    def fail(self) -> None:
        raise ValueError("not this text")

    def throttled(self) -> None:
        raise EngineUnavailable("later")


FACTORY = f"{__name__}:Engine"


def _raised(fault: OSError) -> NoReturn:
    raise fault


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_call_reaches_the_engine_made_with_the_given_arguments() -> None:
    async with EngineHost.open(FACTORY, args=("good day",)) as host:
        assert await host.call("greet", "Ana") == "good day Ana"


async def test_an_engine_that_cannot_load_stops_the_opening_and_says_why() -> None:
    with pytest.raises(EngineRejected, match="no such model"):
        async with EngineHost.open(FACTORY, args=("broken",)):
            pass


async def test_an_engines_exceptions_tell_the_caller_what_to_do_and_keep_the_worker() -> None:
    async with EngineHost.open(FACTORY) as host:
        pid = await host.call("pid")
        with pytest.raises(EngineRejected, match="ValueError: not this text"):
            await host.call("fail")
        with pytest.raises(EngineUnavailable, match="later"):
            await host.call("throttled")
        assert await host.call("pid") == pid


async def test_a_call_has_as_many_deadlines_as_its_caller_has_patience_for() -> None:
    async with EngineHost.open(FACTORY, deadline_s=0.5) as host:
        with pytest.raises(EngineUnavailable, match="no answer within"):
            await host.call("sleep", 1.0)
        assert await host.call("sleep", 1.0, patience=20.0)


async def test_a_call_stuck_in_native_code_is_killed_at_its_deadline_and_the_worker_replaced() -> None:
    async with EngineHost.open(FACTORY, deadline_s=0.5) as host:
        pid = await host.call("pid")
        with pytest.raises(EngineUnavailable, match="no answer within"):
            await host.call("stuck_in_native_code")
        assert not psutil.pid_exists(pid)
        assert await host.call("pid") != pid


async def test_a_worker_that_no_longer_reads_is_killed_at_the_deadline_of_a_call_too_long_for_the_pipe() -> None:
    async with EngineHost.open(FACTORY, deadline_s=0.5) as host:
        pid = await host.call("pid")
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(EngineUnavailable, match="has read nothing for"):
            await host.call("greet", "Ana" * 1_000_000)
        assert await host.call("pid") != pid


async def test_a_worker_that_stops_in_its_answer_is_killed_at_the_deadline_and_replaced() -> None:
    async with EngineHost.open(FACTORY, deadline_s=0.5) as host:
        pid = await host.call("pid")
        with pytest.raises(EngineUnavailable, match="has said nothing for"):
            await host.call("stop_in_the_answer")
        assert await host.call("pid") != pid


async def test_a_dying_worker_fails_only_its_own_call() -> None:
    async with EngineHost.open(FACTORY, workers=2) as host:
        other = asyncio.create_task(host.call("sleep", 0.3))
        with pytest.raises(EngineUnavailable, match="lost"):
            await host.call("die")
        assert await other > 0


async def test_a_worker_killed_while_idle_is_replaced() -> None:
    async with EngineHost.open(FACTORY, workers=1) as host:
        pid = await host.call("pid")
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        with pytest.raises(EngineUnavailable):
            await host.call("pid")
        assert await host.call("pid") != pid


async def test_a_machine_without_room_for_a_pipe_delays_the_new_worker_only(monkeypatch: pytest.MonkeyPatch) -> None:
    real, full = multiprocessing.Pipe, [OSError("too many open files")]
    monkeypatch.setattr("services.common.engine_host._RELOAD_PAUSE_S", 0.05)
    async with EngineHost.open(FACTORY, workers=1) as host:
        monkeypatch.setattr(multiprocessing, "Pipe", lambda: _raised(full.pop()) if full else real())
        with pytest.raises(EngineUnavailable, match="lost"):
            await host.call("die")
        assert await host.call("greet", "Ana") == "hello Ana"
    assert not full


def _may_be_idle() -> bool:
    probe = [sys.executable, "-c", "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _may_be_idle(), reason="where the system doesn't know or forbids it, engines are merely nice")
async def test_an_engine_is_interrupted_by_all_who_have_little_to_do() -> None:
    async with EngineHost.open(FACTORY) as host:
        assert os.sched_getscheduler(await host.call("pid")) == os.SCHED_IDLE


async def test_other_callers_use_other_workers_while_one_is_busy() -> None:
    async with EngineHost.open(FACTORY, workers=2, deadline_s=2.0) as host:
        stuck = asyncio.create_task(host.call("stuck_in_native_code"))
        began = time.monotonic()
        for _ in range(20):
            await host.call("greet", "Rui")
        assert not stuck.done()
        assert time.monotonic() - began < 2.0
        with pytest.raises(EngineUnavailable):
            await stuck


async def test_waiting_for_a_free_worker_is_bounded() -> None:
    async with EngineHost.open(FACTORY, workers=1, deadline_s=0.4, wait_s=0.1) as host:
        calls = [asyncio.create_task(host.call("stuck_in_native_code")) for _ in range(3)]
        *_, last = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(last, EngineUnavailable)
    assert "all workers are busy" in str(last)


async def test_a_cancelled_caller_leaves_the_worker_usable() -> None:
    async with EngineHost.open(FACTORY, workers=1) as host:
        pid = await host.call("pid")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await host.call("sleep", 0.3)
        assert await host.call("pid") == pid


async def test_closing_leaves_no_process_behind_even_when_one_is_stuck() -> None:
    others = psutil.Process().children()
    async with EngineHost.open(FACTORY, workers=2, deadline_s=60.0) as host:
        stuck = asyncio.create_task(host.call("stuck_in_native_code"))
        pid = await host.call("pid")
        children = [child for child in psutil.Process().children() if child not in others]
        assert pid in {child.pid for child in children}
    assert not any(child.is_running() for child in children)
    with pytest.raises(EngineUnavailable):
        await stuck


async def test_an_argument_that_cannot_be_sent_fails_only_its_own_call() -> None:
    async with EngineHost.open(FACTORY) as host:
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            await host.call("greet", lambda: "no")
        assert await host.call("greet", "Ana") == "hello Ana"
