"""A small notifier for crowds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve

from services.common.clock import now_ms


class Room:
    """Lets listeners in, up to ``places``, and tells all of them what it is given."""

    def __init__(self, places: int = 1_000, clock_ahead_ms: float = 0.0) -> None:
        self.languages: list[str] = []
        self.url = ""
        self.sockets: set[ServerConnection] = set()
        self._places = places
        self._ahead_ms = clock_ahead_ms

    async def serve(self, socket: ServerConnection) -> None:
        join = json.loads(await socket.recv())
        if len(self.sockets) >= self._places:
            await socket.send(json.dumps({"type": "error", "code": "full", "message": "no more listeners fit in here"}))
            await socket.close(1013)
            return
        self.sockets.add(socket)
        self.languages.append(join["language"])
        joined = {
            "type": "joined", "session_id": "s", "title": "t", "state": "live", "language": join["language"],
            "source_language": "en", "languages": [], "next_index": 0, "server_time_ms": now_ms() + self._ahead_ms,
        }  # fmt: skip
        await socket.send(json.dumps(joined))
        await socket.wait_closed()

    def tell(self, kind: str, index: int, **more: object) -> None:
        """A notice of a record that was published 100 ms ago, of which 30 and 40 ms are accounted for."""
        now = now_ms() + self._ahead_ms
        notice: dict[str, Any] = {
            "type": kind, "language": "pt", "index": index, "start_ms": 0.0, "end_ms": 1.0, "text": "x", "source": "y",
            "spoken": True, "url": None, "duration_ms": 1.0, "floor_epoch_ms": 0.0,
            "stages": {"translations_topic": 30.0, "notify": 40.0}, "sent_at_ms": now - 30.0, **more,
        }  # fmt: skip
        broadcast(self.sockets, json.dumps(notice))


@asynccontextmanager
async def a_room(**how: Any) -> AsyncIterator[Room]:
    room = Room(**how)
    async with serve(room.serve, "127.0.0.1", 0) as server:
        room.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/listen"
        yield room
