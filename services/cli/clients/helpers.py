"""Processes of our own that do as they are told: clients get more than one core, and give way to what they measure.

An order is a line of JSON, and so is its answer.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec

from services.cli.errors import CliError
from services.common.open_files import raise_open_files

_NICENESS = 10
_ANSWER_BYTES = 2**28
"""Longest line: a number for every notice to every listener."""
_STOP_S = 5.0

A = TypeVar("A")


class HelperFailed(CliError):
    """A process of ours has ended. The message says so."""


class Helper:
    """One such process, as seen by who gives the orders."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self._reader = reader
        self._writer = writer

    async def ask(self, order: msgspec.Struct, kind: type[A]) -> A:
        """Raises HelperFailed."""
        try:
            self._writer.write(msgspec.json.encode(order) + b"\n")
            await self._writer.drain()
            line = await self._reader.readline()
        except ConnectionError:
            line = b""
        if not line:
            raise HelperFailed("a process of the clients has ended: it said why")
        return msgspec.json.decode(line, type=kind)


@asynccontextmanager
async def helper(module: str) -> AsyncIterator[Helper]:
    """Run ``python -m MODULE``, which ``obey``s, for the length of the block."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=theirs.fileno(),
            process_group=0,  # Ctrl-C is for us
        )
    reader, writer = await asyncio.open_connection(sock=ours, limit=_ANSWER_BYTES)
    try:
        yield Helper(process.pid, reader, writer)
    finally:
        writer.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def obey(orders: "msgspec.json.Decoder[Any]", do: Callable[[Any], Awaitable[object]]) -> None:
    """In such a process: do as told, and answer, until nobody is there to tell it."""
    os.nice(_NICENESS)
    raise_open_files()
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=sys.stdin.fileno()))
    while line := await reader.readline():
        writer.write(msgspec.json.encode(await do(orders.decode(line))) + b"\n")
        await writer.drain()
