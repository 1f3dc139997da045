"""Peers who hold on to a connection, each as bytes on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.frames import Frame, Opcode

from services.common import connections
from services.common.http import Server
from services.common.lifecycle import Service

PATIENCE_S = 10
HEAD = b"GET /ears HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
HANDSHAKE = HEAD + b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


class Peer:
    """A client that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        self.writer.writelines(parts)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE_S)

    async def handshake(self) -> None:
        await self.send(HANDSHAKE, b"\r\n")
        assert b" 101 " in await self.reader.readuntil(b"\r\n\r\n")


async def _ears(socket: WebSocket) -> None:
    await socket.accept()
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


@asynccontextmanager
async def _peer(port: int) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    service = Service("ears")
    server = Server(service, host="127.0.0.1", port=0, port_variable="PORT")
    server.add(
        [Route("/words", lambda _: Response("no", 401), methods=["POST"]), WebSocketRoute("/ears", _ears)],
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.run())
        yield server.port
        service.stopping.set()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\n",
        b"POST /words HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\nx",
        b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\nGET /healthz HTTP/1.1\r\n",
    ],
    ids=["nothing", "half a head", "half a body", "half a second request"],
)
async def test_a_request_that_does_not_come_costs_the_connection(
    port: int, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.3)
    async with _peer(port) as peer, asyncio.TaskGroup() as tasks:
        rest = tasks.create_task(peer.rest())
        await peer.send(sent)
        while not rest.done():  # a byte now and then doesn't keep it open
            await peer.send(b"x" if sent else b"")
            await asyncio.wait((rest,), timeout=0.1)


async def test_a_socket_stays_open_for_longer_than_a_request_may_take(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.1)
    async with _peer(port) as peer:
        await peer.handshake()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.reader.read(1), 0.4)


@pytest.mark.parametrize(
    "handshake",
    [
        HANDSHAKE + b"x: " + b"y" * 20_000 + b"\r\n\r\n",
        HANDSHAKE + b"x: y\r\n" * 300 + b"\r\n",
        b"POST" + HANDSHAKE[3:] + b"\r\n",
    ],
    ids=["a long header", "many headers", "another method"],
)
async def test_a_handshake_that_cannot_be_read_is_refused_at_once(port: int, handshake: bytes) -> None:
    async with _peer(port) as peer:
        await peer.send(handshake)
        assert b" 101 " not in await peer.rest()


async def test_a_message_of_endless_fragments_is_refused(port: int) -> None:
    async with _peer(port) as peer:
        await peer.handshake()
        empty = Frame(Opcode.CONT, b"", fin=False).serialize(mask=True)
        await peer.send(Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True), empty * 2 * connections.MOST_FRAGMENTS)
        assert b"too many fragments" in await peer.rest()


async def test_pings_are_not_answered_to_one_who_does_not_read(port: int) -> None:
    pings = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 1_000
    pong = Frame(Opcode.PONG, b"x" * 125).serialize(mask=False)
    rounds = 200  # 25 MB of answers, far beyond what the kernel holds
    async with _peer(port) as peer:
        await peer.handshake()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(rounds):
            await peer.send(pings)
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        await peer.send(Frame(Opcode.PING, b"last").serialize(mask=True))
        answers = 0
        async with asyncio.timeout(PATIENCE_S):
            while b"last" not in (came := await peer.reader.read(2**20)):
                answers += len(came)
                await peer.send(Frame(Opcode.PING, b"last").serialize(mask=True))
        assert 0 < answers < rounds * 1_000 * len(pong) / 2
