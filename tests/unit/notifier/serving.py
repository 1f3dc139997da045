"""A notifier on a real socket, fed by hand instead of by Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from services.common.clock import now_ms, steady_ms
from services.common.contracts import Record
from services.common.http import Server
from services.common.lifecycle import Service
from services.notifier.announcer import Announcer
from services.notifier.app import Notifier
from services.notifier.audience import Audiences
from services.notifier.hub import Hub, Limits
from services.notifier.listener import Patience
from services.notifier.presign import Presigner

MAX_MESSAGE_BYTES = 4_096


@dataclass
class Served:
    """The running parts that a test looks at."""

    hub: Hub
    notifier: Notifier
    port: int
    signed: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/listen"

    def take(self, *records: Record) -> None:
        """As if they had been read from Kafka now."""
        for record in records:
            self.hub.take(record, now_ms())

    async def until_listeners(self, count: int) -> None:
        """Wait until so many have joined."""
        async with asyncio.timeout(10):
            while self.hub.listeners != count:  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    @asynccontextmanager
    async def joined(self, language: str = "pt", **more: Any) -> AsyncIterator["Ears"]:
        """A listener that has joined."""
        async with connect(self.url, compression=None, proxy=None) as socket:
            ears = Ears(socket)
            await ears.join(language, **more)
            yield ears


class Ears:
    """A listener's end of the socket."""

    def __init__(self, socket: ClientConnection, patience_s: float = 10) -> None:
        self.socket = socket
        self._patience_s = patience_s

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def join(self, language: str = "pt", session: str = "s1", **more: Any) -> dict[str, Any]:
        await self.send(type="join", session=session, language=language, **more)
        while (message := await self.next())["type"] != "joined":
            pass
        return message

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), self._patience_s))
        return message

    async def some(self, count: int) -> list[tuple[str, int]]:
        """Kinds and indexes of the next notices."""
        return [(one["type"], one["index"]) for one in [await self.next() for _ in range(count)]]

    async def closed(self) -> tuple[int, list[dict[str, Any]]]:
        """The close code, and what came before it."""
        before: list[dict[str, Any]] = []
        try:
            while True:
                before.append(await self.next())
        except ConnectionClosed as closed:
            return (closed.rcvd.code if closed.rcvd else 1006), before


@asynccontextmanager
async def serving(
    *,
    patience: Patience | None = None,
    clock: Callable[[], float] = steady_ms,
    **limits: float,
) -> AsyncIterator[Served]:
    """A notifier's socket on a free port."""
    usual = {
        "tail_ms": 900_000.0,
        "tail_segments": 500,
        "kept_segments": 50_000,
        "listeners": 2_000,
        "session_listeners": 1_000,
        "finish_ms": 15_000.0,
    }
    signed: list[str] = []

    async def sign(key: str) -> str:
        signed.append(key)
        return f"https://clips.example/{key}?signature={len(signed)}"

    announcer = Announcer(Presigner(sign, clock), clock)
    hub = Hub(Limits(**(usual | limits)), Audiences("n1", now_ms), clock, "local", announcer.prepare)  # type: ignore[arg-type]
    notifier = Notifier(hub, announcer, patience or Patience(10, 20))
    service = Service("notifier")
    server = Server(service, host="127.0.0.1", port=0, port_variable="PORT", max_message_bytes=MAX_MESSAGE_BYTES)
    server.add(notifier.routes())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.run())
        try:
            yield Served(hub, notifier, server.port, signed)
        finally:
            notifier.stop()
            service.stopping.set()
