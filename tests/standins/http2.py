"""A small HTTP/2 server over TLS whose streams may answer while they are asked, end early, or break."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from tests.standins.certificate import write_certificate

_CLOSE_S = 1.0


class Stream:
    """One request and its answer. ``headers``: in lower case, pseudo-headers among them."""

    def __init__(self, connection: "_Connection", number: int, headers: dict[str, str]) -> None:
        self.headers = headers
        self._connection = connection
        self._number = number
        self.ended = False
        """By the client."""
        self.received: asyncio.Queue[bytes | None] = asyncio.Queue()
        """Parts of the body; None: there are no more, or the client is gone."""

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self._connection.h2.send_headers(self._number, [(":status", str(status)), *headers])
        await self._connection.flush()

    async def send(self, data: bytes, *, last: bool = False) -> None:
        """Wait until the client takes it."""
        await self._connection.room_for(self._number, len(data))
        self._connection.h2.send_data(self._number, data, end_stream=last)
        if last and not self.ended:
            self._connection.h2.reset_stream(self._number, ErrorCodes.NO_ERROR)
        await self._connection.flush()

    def abort(self) -> None:
        """Break the connection off."""
        self._connection.writer.transport.abort()


Handler = Callable[[Stream], Awaitable[None]]


class _Connection:
    def __init__(self, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.writer = writer
        self._handler = handler
        self._reader = reader
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._read = asyncio.Event()

    async def run(self) -> None:
        """Until the client leaves."""
        self.h2.initiate_connection()
        try:
            await self.flush()
            while data := await self._reader.read(65536):
                for event in self.h2.receive_data(data):
                    self._take(event)
                self._read.set()
                await self.flush()
        except (OSError, ProtocolError):
            pass  # the client has left, or what it still said was for a stream that is over
        finally:
            for stream in self._streams.values():
                stream.received.put_nowait(None)
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=_CLOSE_S)
            for task in self._tasks:
                task.cancel()
            self.writer.close()

    def _take(self, event: object) -> None:
        if isinstance(event, RequestReceived):
            stream = Stream(self, event.stream_id, {str(name): str(value) for name, value in event.headers})
            self._streams[event.stream_id] = stream
            self._tasks.add(asyncio.create_task(self._handle(stream)))
        elif isinstance(event, DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._streams[event.stream_id].received.put_nowait(event.data)
        elif isinstance(event, StreamEnded | StreamReset):
            self._streams[event.stream_id].ended = True
            self._streams[event.stream_id].received.put_nowait(None)
        elif isinstance(event, ConnectionTerminated):
            self.writer.close()

    async def _handle(self, stream: Stream) -> None:
        with suppress(OSError, ProtocolError):  # answered somebody who has left
            await self._handler(stream)

    async def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    async def room_for(self, number: int, size: int) -> None:
        while self.h2.local_flow_control_window(number) < size:
            self._read.clear()
            await self._read.wait()


@asynccontextmanager
async def serving(handler: Handler, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """The port on 127.0.0.1, and the certificate that clients must trust. folder: for the certificate."""
    certificate, key = write_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.create_task(_Connection(handler, reader, writer).run()))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], certificate
    finally:
        server.close()
        if connections:
            await asyncio.wait(connections, timeout=2 * _CLOSE_S)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
