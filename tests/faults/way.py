"""The way to a server, as a TCP port that leads there: what a network, or a server behind it, can do to a client."""

import asyncio
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.faults.loss import LossyNetwork

_HOST = "127.0.0.1"
_CHUNK = 65_536
_UNDERWAY = 256
"""Chunks that a slow way holds before it takes no more."""


class Way:
    """Leads to ``to_port`` while entered. Set what is wrong with it; take it back and it is as before."""

    def __init__(self, to_port: int) -> None:
        self.delay_s = 0.0
        """Of everything, there and back."""
        self.refuses = False
        """New connections are reset at once."""
        self.answers: Callable[[bytes], bytes | None] = lambda _: None
        """Looks at what a client sends: an answer in the server's stead, after which the connection is closed."""
        self.resets: Callable[[bytes], bool] = lambda _: False
        """Looks at what a client sends: whether its connection is reset instead of an answer."""
        self.passed: Callable[[bytes, bytes], None] = lambda sent, answered: None
        """Told of each piece of an answer before the client has it, and of what the client had sent last."""
        self.lossy: LossyNetwork | None = None
        """New connections lead through it."""
        self.harmed = 0
        """Connections that were cut, stranded or refused, answers in the server's stead, what was held up."""
        self._to_port = to_port
        self._open: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """Reset all connections."""
        for connection in list(self._open):
            connection.cut()
            self.harmed += 1

    def strand(self) -> None:
        """Connections that there are carry nothing any more, and neither side is told; new ones work."""
        for connection in self._open:
            connection.stranded = True
            self.harmed += 1

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, _HOST, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in list(self._open):
            connection.cut()
        for task in self._tasks:  # a connection that is stranded doesn't end by itself
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            self.harmed += 1
            writer.transport.abort()
            return
        here = reader, writer
        try:
            there = await asyncio.open_connection(_HOST, self._to_port)
            if self.lossy is None:
                await self._join(here, there)
            else:
                near, far = await self.lossy.connection()
                async with asyncio.TaskGroup() as parts:
                    parts.create_task(self._join(here, await asyncio.open_connection(sock=near)))
                    parts.create_task(_Connection(Way(0), await asyncio.open_connection(sock=far), there).run())
        except OSError:
            writer.transport.abort()

    async def _join(self, here: "_Side", there: "_Side") -> None:
        connection = _Connection(self, here, there)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.remove(connection)


_Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """Both sides of one, here and there."""

    def __init__(self, way: Way, here: _Side, there: _Side) -> None:
        self.stranded = False
        self._way = way
        self._here, self._there = here, there
        self._sent = b""

    def cut(self) -> None:
        for _, writer in (self._here, self._there):
            if not writer.transport.is_closing():
                # without lingering a close is a reset, not an end
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async def run(self) -> None:
        """Until either side has gone."""
        (client, to_client), (server, to_server) = self._here, self._there
        try:
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._carry(client, to_server, self._way_there))
                both_ways.create_task(self._carry(server, to_client, self._way_back))
        except* OSError:
            pass
        finally:
            self.cut()

    def _way_there(self, chunk: bytes) -> bool:
        """False: the chunk doesn't go on."""
        self._sent = chunk
        if self._way.resets(chunk):
            self._way.harmed += 1
            self.cut()
            return False
        answer = self._way.answers(chunk)
        if answer is None:
            return True
        self._way.harmed += 1
        self._here[1].write(answer)
        self._here[1].close()
        return False

    def _way_back(self, chunk: bytes) -> bool:
        self._way.passed(self._sent, chunk)
        return True

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, goes_on: Callable[[bytes], bool]
    ) -> None:
        underway: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDERWAY)
        clock = asyncio.get_running_loop().time
        delivering = asyncio.create_task(self._deliver(underway, writer))
        try:
            while chunk := await reader.read(_CHUNK):
                if not goes_on(chunk):
                    break
                self._way.harmed += self._way.delay_s > 0
                await underway.put((clock() + self._way.delay_s, chunk))
            await underway.put((clock() + self._way.delay_s, b""))
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(self, underway: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, chunk = await underway.get()
            await asyncio.sleep(due - clock())
            if self.stranded:
                continue
            if not chunk:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            writer.write(chunk)
            await writer.drain()
