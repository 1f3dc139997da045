"""A TCP port that leads to another one: how others in the network reach a server that listens on 127.0.0.1."""

import asyncio
import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from services.cli.stack.ports import HOST, listen

_CHUNK = 65_536


class Forwarder:
    """Passes connections to ``address:port`` on to ``to_port`` of this machine while entered."""

    def __init__(self, address: str, port: int, to_port: int) -> None:
        self.address = address
        self.port = port
        self._to_port = to_port
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Accept connections from now on. Raises StackError."""
        listening = listen(self.address, self.port, f"the way in from {self.address}")
        self._server = await asyncio.start_server(self._pass_on, sock=listening)

    async def stop(self) -> None:
        """Accept no more, and drop those that there are."""
        self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.ExitStack() as closing:
            closing.enter_context(self._kept(writer))
            try:
                there_reader, there_writer = await asyncio.open_connection(HOST, self._to_port)
                closing.enter_context(self._kept(there_writer))
                async with asyncio.TaskGroup() as both_ways:
                    both_ways.create_task(_copy(reader, there_writer))
                    both_ways.create_task(_copy(there_reader, writer))
            except* OSError:  # either side has gone
                pass

    @contextlib.contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            writer.close()
            self._open.remove(writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()
