"""A client's end of a socket: a real one, or one that hands messages straight to the service's code."""

import asyncio
import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from services.cli.clients.wire import frame_from_server

PATIENCE_S = 5.0
Serve = Callable[[WebSocket], Awaitable[None]]


class End(ABC):
    """What came, and how it ended."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.code: int | None = None
        """Of the service's close."""
        self.over = False
        self.fault: BaseException | None = None
        """What the service's code raised and nobody caught; over a real socket it is in the log instead."""

    @abstractmethod
    async def send(self, message: str | bytes) -> None:
        """What comes after the end goes nowhere."""

    @abstractmethod
    async def cut(self) -> None:
        """The network is gone; returns once the service knows."""


class Direct(End):
    """Runs ``serve`` as a task, with a connection below it that takes everything at once."""

    when_takes_more: Callable[[], object] | None = None
    takes_more = True

    def __init__(self, serve: Serve, path: str) -> None:
        super().__init__()
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._sent.put_nowait({"type": "websocket.connect"})
        self._cut = False
        scope = {
            "type": "websocket",
            "path": path,
            "headers": [],
            "extensions": {"dragoman.connection": {"itself": self}},
        }
        self._serving = asyncio.ensure_future(serve(WebSocket(scope, self._sent.get, self._take)))
        self._serving.add_done_callback(self._ended)

    async def send(self, message: str | bytes) -> None:
        kind = "text" if isinstance(message, str) else "bytes"
        self._sent.put_nowait({"type": "websocket.receive", kind: message})

    async def cut(self) -> None:
        self._cut = True
        self._sent.put_nowait({"type": "websocket.disconnect", "code": 1006})
        await asyncio.wait([self._serving])

    async def _take(self, message: Any) -> None:
        if self._cut:
            raise OSError("gone")
        if message["type"] == "websocket.send":
            self.said.append(json.loads(message["text"]))
        elif message["type"] == "websocket.close":
            self.code = message.get("code", 1000)

    def _ended(self, serving: "asyncio.Future[None]") -> None:
        self.over = True
        self.fault = serving.exception()

    # -- as ``services.common.connections.WebSocketConnection`` --

    def write(self, frame: bytes) -> None:
        found = frame_from_server(frame, 0)
        assert found is not None
        self.said.append(json.loads(frame[found[1] : found[2]]))

    def end_reading(self) -> None:
        self._sent.put_nowait({"type": "websocket.disconnect", "code": 1005})


class OverSocket(End):
    """A connection to a running service."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__()
        self._socket = socket
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def open(cls, url: str) -> "OverSocket":
        return cls(await connect(url, compression=None, proxy=None, max_queue=None))

    async def send(self, message: str | bytes) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(message)

    async def cut(self) -> None:
        self._socket.transport.abort()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        try:
            while True:
                self.said.append(json.loads(await self._socket.recv()))
        except ConnectionClosed as closed:
            self.code = closed.rcvd.code if closed.rcvd else None
        self.over = True


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, five seconds at most, as busily as it takes to be quick."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  (there is no event to wait for)
            await asyncio.sleep(0)
