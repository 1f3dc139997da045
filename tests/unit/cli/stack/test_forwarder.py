"""A port that leads to another one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from services.cli.stack.errors import StackError
from services.cli.stack.forwarder import Forwarder
from services.cli.stack.ports import HOST, free_ports, listen

ELSEWHERE = "127.0.0.2"


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of a server that says everything twice once it has heard the end."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.read()
        writer.write(said * 2)
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What came until the connection was closed, or dropped."""
    with contextlib.suppress(ConnectionResetError):
        return await reader.read()
    return b""


async def test_what_is_said_at_one_address_is_answered_from_the_other_to_the_last_byte(echo: int) -> None:
    said = bytes(range(256)) * 4096
    async with Forwarder(ELSEWHERE, echo, echo):
        reader, writer = await asyncio.open_connection(ELSEWHERE, echo)
        writer.write(said)
        writer.write_eof()
        assert await reader.read() == said * 2


async def test_a_stop_drops_connections_and_a_start_takes_new_ones(echo: int) -> None:
    forwarder = Forwarder(ELSEWHERE, echo, echo)
    for _ in range(2):
        await forwarder.start()
        reader, writer = await asyncio.open_connection(ELSEWHERE, echo)
        writer.write(b"never finished")
        await writer.drain()
        await forwarder.stop()
        assert await rest(reader) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(ELSEWHERE, echo)


async def test_a_server_that_is_away_closes_the_connection() -> None:
    (nobody,) = free_ports(1)
    async with Forwarder(ELSEWHERE, nobody, nobody):
        reader, _ = await asyncio.open_connection(ELSEWHERE, nobody)
        assert await rest(reader) == b""


async def test_a_taken_port_and_a_foreign_address_are_said_to_be(echo: int) -> None:
    with listen(ELSEWHERE, echo, "this test"), pytest.raises(StackError, match=f"port {echo}, .* is taken"):
        await Forwarder(ELSEWHERE, echo, echo).start()
    with pytest.raises(StackError, match=r"203\.0\.113\.1 is not an address of this machine"):
        await Forwarder("203.0.113.1", echo, echo).start()
