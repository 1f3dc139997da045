"""A way to a server does to its connections what it is told to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.loss import LossyNetwork
from tests.faults.way import Way


@asynccontextmanager
async def echo() -> AsyncIterator[Way]:
    """A way to a server that sends back what it is sent."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1000):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Way(server.sockets[0].getsockname()[1]) as way:
        yield way


class Client:
    """One connection through the way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def of(cls, way: Way) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", way.port))

    async def says(self, text: bytes) -> bytes:
        """The answer; empty: the connection was closed."""
        self._writer.write(text)
        return await self._reader.read(1000)


async def test_what_is_sent_arrives_and_so_does_the_answer() -> None:
    async with echo() as way:
        assert await (await Client.of(way)).says(b"hello") == b"hello"


async def test_a_cut_connection_is_reset_and_a_new_one_works() -> None:
    async with echo() as way:
        client = await Client.of(way)
        assert await client.says(b"1") == b"1"
        way.cut()
        with pytest.raises(ConnectionError):
            await client.says(b"2")
        assert await (await Client.of(way)).says(b"3") == b"3"


async def test_a_way_that_refuses_resets_who_comes() -> None:
    async with echo() as way:
        way.refuses = True
        with pytest.raises(ConnectionError):
            await (await Client.of(way)).says(b"1")


async def test_a_stranded_connection_says_nothing_any_more_and_a_new_one_works() -> None:
    async with echo() as way:
        client = await Client.of(way)
        assert await client.says(b"1") == b"1"
        way.strand()
        asking = asyncio.ensure_future(client.says(b"2"))
        assert await (await Client.of(way)).says(b"3") == b"3"
        assert not asking.done()
        asking.cancel()


async def test_a_slow_way_takes_its_time_there_and_back() -> None:
    async with echo() as way:
        client = await Client.of(way)
        way.delay_s = 0.1
        began = asyncio.get_running_loop().time()
        assert await client.says(b"1") == b"1"
        assert asyncio.get_running_loop().time() - began >= 0.2


async def test_a_way_may_answer_in_the_server_s_stead() -> None:
    async with echo() as way:
        way.answers = lambda sent: b"no" if sent.startswith(b"PUT") else None
        assert await (await Client.of(way)).says(b"GET") == b"GET"
        client = await Client.of(way)
        assert (await client.says(b"PUT"), await client.says(b"PUT")) == (b"no", b"")


async def test_a_way_may_reset_what_it_is_asked() -> None:
    async with echo() as way:
        way.resets = lambda sent: sent.startswith(b"PUT")
        client = await Client.of(way)
        assert await client.says(b"GET") == b"GET"
        with pytest.raises(ConnectionError):
            await client.says(b"PUT")
        assert way.harmed == 1


async def test_a_way_tells_what_was_answered_to_what() -> None:
    async with echo() as way:
        passed: list[tuple[bytes, bytes]] = []
        way.passed = lambda sent, answered: passed.append((sent, answered))
        client = await Client.of(way)
        await client.says(b"1")
        await client.says(b"2")
        assert passed == [(b"1", b"1"), (b"2", b"2")]


async def test_a_lossy_network_loses_packets_and_not_a_byte() -> None:
    if os.geteuid():
        pytest.skip("a network of one's own takes root")
    async with LossyNetwork(0.1) as network, echo() as way:
        way.lossy = network
        client = await Client.of(way)
        said = [b"%d" % number for number in range(20)]
        assert [await client.says(one) for one in said] == said
        assert await network.lost_packets() > 0
