"""``dragoman speak`` against small services, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from aiohttp import web

from services.cli.clients.recognition import LOST
from services.cli.commands import speak


@dataclass
class Services:
    """Ingest and notifier at one address. A talk ends once its speaker was told what the test waits for."""

    url: str = ""
    listens: bool = True
    told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ingest_url(self) -> str:
        return self.url

    @property
    def notifier_url(self) -> str:
        return self.url

    async def sign_in(self) -> str:
        return "token"

    async def make(self, _: web.Request) -> web.Response:
        made = {"session_id": "s", "code": "k7f2qxa", "title": "t", "state": "created", "source_language": "en"}
        return web.json_response(made, status=201)

    async def speaker(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_json({"type": "ready", "next_seq": 0, "next_sample": 0, "state": "live"})
        async for message in socket:
            if message.type is web.WSMsgType.BINARY:
                await socket.send_json({"type": "ack", "seq": int.from_bytes(message.data[:4], "little")})
            elif json.loads(message.data)["type"] == "end":
                await self.told.wait()
                await socket.close()
        return socket

    async def listener(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        if not self.listens:
            await socket.send_json({"type": "error", "code": "unknown", "message": "no such session"})
            await socket.close(code=4404)
            return socket
        joined = {
            "type": "joined", "session_id": "s", "title": "t", "state": "live", "language": "en", "recognized": False,
            "source_language": "en", "languages": [], "next_index": 0, "server_time_ms": 0.0,
        }  # fmt: skip
        await socket.send_json(joined)
        await socket.receive()
        return socket


@pytest.fixture
async def services(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    services = Services()
    app = web.Application()
    app.router.add_post("/sessions", services.make)
    app.router.add_get("/speak", services.speaker)
    app.router.add_get("/listen", services.listener)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    services.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    monkeypatch.setattr(speak, "running", lambda: services)
    try:
        yield services
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("listens", "told"), [(True, LOST), (False, "whether you are recognized can't be told: ")])
async def test_a_speaker_hears_whether_the_talk_is_recognized_and_it_goes_on_either_way(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listens: bool, told: str
) -> None:
    services.listens = listens
    monkeypatch.setattr(speak, "say", lambda line: services.told.set() if line.startswith(told) else None)
    soundfile.write(tmp_path / "talk.wav", np.full(8_000, 0.25, np.float32), 16_000)
    async with asyncio.timeout(30):
        await speak._speak(tmp_path / "talk.wav", session=None, source="en", title="t", loop=False, keep=False)
    assert services.told.is_set()
