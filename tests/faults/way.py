"""The way to a server, as a TCP port that leads there: what a network, or a server behind it, can do to a client."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

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
        self._to_port = to_port
        self._open: set[_Connection] = set()

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """Reset all connections."""
        for connection in list(self._open):
            connection.cut()

    def strand(self) -> None:
        """Connections that there are carry nothing any more, and neither side is told; new ones work."""
        for connection in self._open:
            connection.stranded = True

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass_on, _HOST, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection(_HOST, self._to_port)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, (reader, writer), there)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.remove(connection)
            connection.cut()


class _Connection:
    """Both sides of one, here and there."""

    def __init__(
        self,
        way: Way,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.stranded = False
        self._way = way
        self._here, self._there = here, there

    def cut(self) -> None:
        for _, writer in (self._here, self._there):
            writer.transport.abort()

    async def run(self) -> None:
        """Until either side has gone."""
        (client, to_client), (server, to_server) = self._here, self._there
        try:
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._carry(client, to_server, self._way_there))
                both_ways.create_task(self._carry(server, to_client, lambda _: True))
        except* OSError:
            pass

    def _way_there(self, chunk: bytes) -> bool:
        """False: the chunk doesn't go on."""
        answer = self._way.answers(chunk)
        if answer is None:
            return True
        self._here[1].write(answer)
        self._here[1].close()
        return False

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
