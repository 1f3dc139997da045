"""Instances of a service, played by small programs: kept running, given up, stopped, never orphaned."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from services.cli.stack import StackError
from services.cli.stack.ports import HOST, free_ports
from services.cli.stack.process import Process, base_environment
from services.cli.stack.supervisor import Instance, Supervisor

LIMIT_S = 10.0

READY = """
import http.server, os, signal, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
signal.signal(signal.SIGTERM, lambda *_: (print("drained", flush=True), sys.exit(0)))
http.server.HTTPServer(("127.0.0.1", int(os.environ["DRAGOMAN_PLAYED_PORT"])), Ready).serve_forever()
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
CRASHING = "print('it hurts', flush=True); raise SystemExit(1)"
WRONGLY_SET = "print('DRAGOMAN_X=1: wrong', flush=True); raise SystemExit(2)"


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 (other processes set no event)
            await asyncio.sleep(0.02)


class Played:
    """Makes instances that run a program of ours instead of a service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.supervisor = Supervisor()

    def start(self, program: str, *, port: int | None = None) -> Instance:
        instance = Instance(
            "played",
            len(self.supervisor.instances) + 1,
            port or free_ports(1)[0],
            env={},
            log=self._folder / "played.log",
            command=(sys.executable, "-c", program),
        )
        self.supervisor.start(instance)
        return instance


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[Played]:
    made = Played(tmp_path)
    yield made
    for instance in made.supervisor.instances:
        await instance.stop(limit_s=0.1)


async def test_a_killed_service_is_started_again_on_its_port(played: Played) -> None:
    instance = played.start(READY)
    await instance.ready(LIMIT_S)
    first = instance.pid
    instance.send(signal.SIGKILL)
    await until(lambda: instance.restarts == 1 and instance.pid not in (None, first))
    await instance.ready(LIMIT_S)


async def test_a_service_that_keeps_crashing_is_started_ever_more_rarely(played: Played) -> None:
    instance = played.start(CRASHING)
    began = time.monotonic()
    await until(lambda: instance.restarts == 3)
    assert time.monotonic() - began >= 0.25 + 0.5 + 1.0


async def test_a_service_with_a_wrong_setting_is_given_up_with_its_own_words(played: Played) -> None:
    instance = played.start(WRONGLY_SET)
    with pytest.raises(StackError, match="played-1 can't run: DRAGOMAN_X=1: wrong"):
        await instance.ready(LIMIT_S)
    with pytest.raises(StackError, match="DRAGOMAN_X=1: wrong"):
        await played.supervisor.gave_up()
    assert instance.restarts == 0


async def test_what_is_done_on_a_stack_ends_when_a_service_is_given_up(played: Played) -> None:
    played.start(READY)
    played.start(WRONGLY_SET)
    with pytest.raises(StackError, match="played-2 can't run: DRAGOMAN_X=1: wrong"):
        async with asyncio.timeout(LIMIT_S), played.supervisor.watched():
            await asyncio.Event().wait()


async def test_what_fails_on_a_watched_stack_keeps_its_own_fault(played: Played) -> None:
    played.start(READY)
    with pytest.raises(KeyError):
        async with played.supervisor.watched():
            raise KeyError("talk")
    async with played.supervisor.watched():
        pass


async def test_a_service_that_is_never_ready_is_reported(played: Played) -> None:
    instance = played.start(DEAF)
    with pytest.raises(StackError, match=r"played-1 was not ready after 0\.2 s"):
        await instance.ready(0.2)


async def test_a_stopped_service_has_drained_and_is_not_started_again(played: Played) -> None:
    instance = played.start(READY)
    await instance.ready(LIMIT_S)
    await played.supervisor.stop()
    assert instance.log.read_text().endswith("drained\n")
    assert instance.pid is None


async def test_a_service_that_does_not_drain_is_killed_with_its_children(played: Played) -> None:
    instance = played.start(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'])\n{DEAF}")
    await until(lambda: "deaf" in instance.log.read_text())
    assert instance.pid is not None
    tree = [psutil.Process(instance.pid), *psutil.Process(instance.pid).children()]
    await instance.stop(limit_s=0.2)
    await until(lambda: not any(is_alive(one) for one in tree))


async def test_a_paused_service_is_stopped_too(played: Played) -> None:
    instance = played.start(READY)
    await instance.ready(LIMIT_S)
    instance.send(signal.SIGSTOP)
    await instance.stop(LIMIT_S)
    assert instance.log.read_text().endswith("drained\n")


async def test_a_taken_port_is_named_before_anything_starts(played: Played) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port}, which played \(played-1\) needs, is taken by .*\(pid"):
            played.start(READY, port=port)
    assert not played.supervisor.instances


async def test_nothing_outlives_a_killed_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from services.cli.stack.process import *\n"
        f"child = Process('child', [sys.executable, '-c', {DEAF!r}], log=Path(sys.argv[1]), env=base_environment())\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path / "log"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    await until(lambda: not is_alive(child))


async def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "kept.log"
    log.write_bytes(b"x" * 20_000_001)
    process = Process("kept", ["echo", "new"], log=log, env=base_environment())
    await until(lambda: process.exit_code is not None)
    assert log.read_text() == "new\n"
    assert (tmp_path / "kept.old.log").stat().st_size == 20_000_001


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
