"""One listener of a crowd: little more than its socket.

When something came is the kernel's own time stamp of its arrival where there is one (Linux, without TLS): a process
that is late to read from its thousands of sockets makes no figure worse then.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import sys
from typing import Protocol

import msgspec
from websockets.client import ClientProtocol
from websockets.uri import WebSocketURI

from services.cli.clients import wire
from services.cli.clients.notices import ErrorNotice, Joined
from services.cli.clients.tally import NotJoined, Tally, Told
from services.common.clock import now_ms

_READ_BYTES = 65_536
_STAMPS = sys.platform == "linux"
_SO_TIMESTAMPNS = 35
"""Of Linux; Python has no name for it."""
_STAMP = struct.Struct("qq")


class Listening(Protocol):
    """Whose listener it is."""

    tally: Tally

    def heard(self, told: Told) -> None:
        """It was told something that is new."""

    def gone(self, ear: "Ear", why: str) -> None:
        """It has lost its connection. why: the close code."""


class Ear(asyncio.Protocol):
    """``join`` once, ``close`` at the end."""

    def __init__(self, crowd: Listening, *, fetches: bool) -> None:
        """fetches: whether it fetches the clips that it is told of."""
        self.fetches = fetches
        self._crowd = crowd
        self._rest = b""
        self._next_caption: int | None = None
        self._next_speech = 0
        self._joined_at_ms = float("inf")
        self._sent_at_ms = 0.0
        self._close_code = "1006"
        self._handshake: ClientProtocol | None = None
        self._answer: asyncio.Future[None] | None = None
        self._socket: socket.socket | None = None
        self._transport: asyncio.Transport | None = None

    async def join(self, uri: WebSocketURI, join: bytes) -> None:
        """Return once it has joined. Raises NotJoined, OSError."""
        loop = asyncio.get_running_loop()
        self._handshake = ClientProtocol(uri)
        if _STAMPS and not uri.secure:
            self._socket = await _connected(uri)
            loop.add_reader(self._socket, self._readable, self._socket)
        else:
            context = ssl.create_default_context() if uri.secure else None
            await loop.create_connection(lambda: self, uri.host, uri.port, ssl=context)
        self._handshake.send_request(self._handshake.connect())
        self._answer = loop.create_future()
        self._send(b"".join(self._handshake.data_to_send()))
        await self._answer
        answer = self._answer = loop.create_future()
        self._sent_at_ms = now_ms()
        self._send(wire.frame_from_client(wire.TEXT, join))
        await answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    # -- a connection of asyncio's --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._take(data, now_ms())

    def connection_lost(self, _: Exception | None) -> None:
        self._lost()

    # -- a socket of our own, whose data the kernel stamps --

    def _readable(self, own: socket.socket) -> None:
        try:
            data, stamps, _, _ = own.recvmsg(_READ_BYTES, 64)
        except BlockingIOError:
            return
        except OSError:
            data, stamps = b"", []
        if data:
            self._take(data, _at_ms(stamps[0][2]) if stamps else now_ms())  # the first ones may have none
        else:
            self.close()
            self._lost()

    # -- both --

    def _send(self, data: bytes) -> None:
        """Some hundred bytes, now and then: they fit."""
        if self._transport is not None:
            self._transport.write(data)
        elif self._socket is not None:
            with contextlib.suppress(OSError):  # reading will tell
                self._socket.send(data)

    def _lost(self) -> None:
        self._fail(NotJoined(f"closed with {self._close_code}"))
        self._crowd.gone(self, self._close_code)

    def _fail(self, fault: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(fault)

    def _take(self, data: bytes, at_ms: float) -> None:
        data = self._rest + data if self._rest else data
        if self._handshake is not None:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._opened(self._handshake, head + end)
        at = 0
        try:
            while (frame := wire.frame_from_server(data, at)) is not None:
                opcode, start, at = frame
                self._take_frame(opcode, data[start:at], at_ms)
        except (NotJoined, msgspec.DecodeError, wire.UnknownFrame) as fault:
            self._fail(NotJoined(str(fault)))
        self._rest = data[at:]

    def _opened(self, handshake: ClientProtocol, head: bytes) -> None:
        self._handshake = None
        handshake.receive_data(head)
        if handshake.handshake_exc is not None:
            self._fail(NotJoined(str(handshake.handshake_exc)))
        elif self._answer is not None:
            self._answer.set_result(None)

    def _take_frame(self, opcode: int, payload: bytes, at_ms: float) -> None:
        if opcode == wire.PING:
            self._send(wire.frame_from_client(wire.PONG, payload))
        elif opcode == wire.CLOSE:
            self._close_code = str(int.from_bytes(payload[:2], "big") or 1005)
            self._send(wire.frame_from_client(wire.CLOSE, payload[:2]))
        elif self._answer is not None:
            self._take_answer(self._answer, payload, at_ms)
        else:
            for told in self._crowd.tally.told(payload):
                self._take_told(told, at_ms)

    def _take_answer(self, waiting: "asyncio.Future[None]", payload: bytes, at_ms: float) -> None:
        for answer in self._crowd.tally.dialect.read(payload):
            if isinstance(answer, ErrorNotice):
                raise NotJoined(answer.message)
            if isinstance(answer, Joined):
                self._crowd.tally.joined(answer, self._sent_at_ms, at_ms)
                self._joined_at_ms = answer.server_time_ms
                waiting.set_result(None)
                self._answer = None

    def _take_told(self, told: Told, at_ms: float) -> None:
        tally = self._crowd.tally
        if told.speech:
            if told.index < self._next_speech:
                tally.missed(0, 1)
                return
            self._next_speech = told.index + 1
        else:
            expected = told.index if self._next_caption is None else self._next_caption
            if told.index != expected:
                tally.missed(max(0, told.index - expected), int(told.index < expected))
            self._next_caption = max(expected, told.index + 1)
        if told.published_at_ms > self._joined_at_ms:
            tally.heard(told, at_ms)
            if self.fetches:
                self._crowd.heard(told)


def _at_ms(stamp: bytes) -> float:
    seconds, nanoseconds = _STAMP.unpack(stamp)
    return float(seconds * 1000 + nanoseconds / 1e6)


async def _connected(uri: WebSocketURI) -> socket.socket:
    """A connection whose data the kernel stamps. Raises OSError."""
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (await loop.getaddrinfo(uri.host, uri.port, type=socket.SOCK_STREAM))[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        await loop.sock_connect(made, address)
    except BaseException:
        made.close()
        raise
    return made
