"""Services that can't work as they are set: each says in one line what is wrong, and ends with 2."""

import asyncio
import socket
import sys

import pytest

from services.cli.stack import SERVICES, Platform
from services.cli.stack.ports import free_ports
from services.cli.stack.process import base_environment

_LIMIT_S = 60.0


async def ended(service: str, **env: str) -> tuple[int | None, list[str]]:
    """Exit code and lines of a service that doesn't come up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", f"services.{service}"),
        env=base_environment() | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode().splitlines()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_wrong_setting_is_named_in_one_line(platform: Platform, service: str) -> None:
    (port,) = free_ports(1)
    own = {f"DRAGOMAN_{service.upper()}_PORT": str(port)}
    code, (line,) = await ended(service, **platform.environment, **own, DRAGOMAN_LOG_LEVEL="loud")
    assert code == 2
    assert "DRAGOMAN_LOG_LEVEL='loud'" in line


@pytest.mark.parametrize("service", SERVICES)
async def test_a_port_in_use_is_named_in_one_line(platform: Platform, service: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        setting = f"DRAGOMAN_{service.upper()}_PORT"
        port = str(taken.getsockname()[1])
        code, (line,) = await ended(service, **platform.environment, **{setting: port}, DRAGOMAN_LOG_LEVEL="error")
    assert code == 2
    assert f"{setting}={port}" in line
