"""What a speaker at a terminal is told of being recognized, against a small notifier."""

from typing import Any

from websockets.asyncio.server import ServerConnection

from services.cli.clients.recognition import BACK, LOST, watch_recognition
from tests.unit.cli.clients.test_listener import caption, notifier, send


async def test_a_speaker_is_told_once_when_nothing_is_recognized_any_more_and_once_when_it_is_again() -> None:
    joins: list[dict[str, Any]] = []
    said: list[str] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        joined = {
            "type": "joined", "session_id": "s", "title": "A talk", "state": "live", "language": "en",
            "source_language": "en", "languages": [], "next_index": 0, "server_time_ms": 0.0, "recognized": False,
        }  # fmt: skip
        await send(socket, joined, {"type": "state", "state": "live", "recognized": False})
        await send(socket, {"type": "state", "state": "live"}, caption(0), {"type": "state", "state": "paused"})
        await send(socket, {"type": "ended", "segments": 1})

    async with notifier(talk) as url:
        await watch_recognition(url, "s", "en", said.append)
    assert said == [LOST, BACK]
    assert joins == [{"type": "join", "session": "s", "language": "en", "audio": False, "monitor": True}]
