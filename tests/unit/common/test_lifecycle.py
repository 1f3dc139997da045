"""A service's life, as its supervisor sees it: real processes, signals, exit codes, log lines, health."""

import asyncio
import json
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from services.cli.stack.ports import free_ports

_PROGRAM = """
import asyncio, sys
from services.common.errors import Fatal
from services.common.http import Server
from services.common.lifecycle import Service, run
from services.common.settings import Port, Settings, load_or_exit

class Told(Settings, frozen=True, kw_only=True):
    try_port: Port

told = load_or_exit(Told)

async def main(service):
    server = Server(service, host=told.host, port=told.try_port, port_variable="DRAGOMAN_TRY_PORT")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.run())
        await act(service, server)

async def serve(service, server):
    server.add([])
    service.started()
    await service.stopping.wait()

async def start_for_ever(service, server):
    await asyncio.Event().wait()

async def fail(service, server):
    raise Fatal("the partition stands still")

async def crash(service, server):
    raise ValueError("unforeseen")

act = globals()[sys.argv[1]]
run(main, "try", told)
"""


class Program:
    """A service of the given behaviour, and what it logged."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.rest = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")

    async def answers(self, path: str) -> httpx.Response:
        """The answer, once it listens."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return await self.rest.get(path)
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)

    async def ends(self) -> tuple[int | None, list[dict[str, Any]]]:
        """Exit code and log lines, once it has ended."""
        async with asyncio.timeout(20):
            out, err = await self.process.communicate()
        assert err == b"", err.decode()
        return self.process.returncode, [json.loads(line) for line in out.splitlines()]


@asynccontextmanager
async def program(behaviour: str, log: Any = asyncio.subprocess.PIPE, **told: str) -> AsyncIterator[Program]:
    (port,) = free_ports(1)
    environment = {"DRAGOMAN_TRY_PORT": str(port), **told}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROGRAM,
        behaviour,
        env=environment,
        stdout=log,
        stderr=asyncio.subprocess.PIPE,
    )
    running = Program(process, port)
    try:
        yield running
    finally:
        await running.rest.aclose()
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_a_service_is_ready_until_it_is_told_to_stop_and_leaves_with_0(stop: signal.Signals) -> None:
    async with program("serve") as service:
        assert (await service.answers("/healthz")).json() == {"service": "try"}
        ready = await service.answers("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"checks": {"started": True, "not_stopping": True}})
        assert "python_info" in (await service.answers("/metrics")).text
        service.process.send_signal(stop)
        code, lines = await service.ends()
    assert code == 0
    assert [line["event"] for line in lines] == ["service_started", "service_stopping", "service_stopped"]
    assert {(line["service"], line["instance"]) for line in lines} == {("try", "1")}


async def test_a_service_may_have_more_connections_than_its_shell_allows_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        async with program("serve") as service:
            await service.answers("/healthz")
            allowed, _ = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert allowed == min(hard, 65_536)


async def test_a_service_that_still_starts_says_so_and_can_be_stopped() -> None:
    async with program("start_for_ever") as service:
        assert (await service.answers("/readyz")).status_code == 503
        assert (await service.answers("/sessions")).json()["code"] == "starting"
        service.process.send_signal(signal.SIGTERM)
        assert (await service.ends())[0] == 0


async def test_what_is_known_to_be_fatal_ends_the_process_with_one_line() -> None:
    async with program("fail") as service:
        code, (line,) = await service.ends()
    assert code == 1
    assert line["reason"] == "the partition stands still"
    assert "exception" not in line


async def test_what_nobody_foresaw_ends_the_process_with_its_trace_in_one_line() -> None:
    async with program("crash") as service:
        code, (line,) = await service.ends()
    assert code == 1
    assert "unforeseen" in line["exception"]


async def test_a_port_in_use_ends_the_process_with_one_line_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with program("serve", DRAGOMAN_TRY_PORT=str(port)) as service:
            code, (line,) = await service.ends()
    assert code == 2
    assert line["reason"].startswith(f"DRAGOMAN_TRY_PORT={port}: ")


async def test_a_log_that_has_no_space_left_changes_nothing_about_a_service_and_its_end() -> None:
    with open("/dev/full", "wb") as full:  # noqa: ASYNC230 (nothing is written here)
        async with program("serve", full) as service:
            assert (await service.answers("/readyz")).status_code == 200
            service.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                await service.process.communicate()
            assert service.process.returncode == 0


async def test_a_service_that_gets_no_more_memory_ends_instead_of_living_on_without_answering(
    tmp_path: Path,
) -> None:
    with (tmp_path / "log").open("wb") as log:
        await _starve(log)
    last = (tmp_path / "log").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["event"] == "out_of_memory"


async def _starve(log: Any) -> None:
    async with program("serve", log) as service:
        await service.answers("/healthz")
        least = psutil.Process(service.process.pid).memory_info().vms // 2
        resource.prlimit(service.process.pid, resource.RLIMIT_AS, (least, least))
        async with asyncio.timeout(20):
            while service.process.returncode is None:
                asked = [service.rest.get("/metrics", headers={"x": "y" * 30_000}) for _ in range(20)]
                await asyncio.gather(*asked, return_exceptions=True)
        assert service.process.returncode == 1


async def test_logs_below_the_level_are_left_out() -> None:
    async with program("serve", DRAGOMAN_LOG_LEVEL="warning") as service:
        await service.answers("/readyz")
        service.process.send_signal(signal.SIGTERM)
        assert await service.ends() == (0, [])


async def test_a_wrong_setting_ends_the_process_with_one_line_that_names_it() -> None:
    async with program("serve", DRAGOMAN_TRY_PORT="seventy") as service:
        out, err = await service.process.communicate()
    assert service.process.returncode == 2
    assert out == b""
    assert len(err.splitlines()) == 1
    assert b"DRAGOMAN_TRY_PORT='seventy'" in err
