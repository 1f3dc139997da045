"""Ingest against a real broker and a real AWS endpoint, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from services.cli.stack import Platform
from services.cli.stack.ports import free_ports
from services.common.clock import now_ms
from services.common.contracts import Frame, Mark, Session, State
from services.common.frames import WireFrame, pack
from services.common.kafka import LogReader
from services.common.lifecycle import Service
from services.common.settings import load
from services.common.topics import AUDIO, SESSIONS
from services.ingest.app import serve
from services.ingest.settings import IngestSettings

SAMPLES = 1536


class Ingest:
    """One running instance, and a signed-in speaker."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base
        self.token = token
        self.rest = httpx.AsyncClient(base_url=base, headers={"authorization": f"Bearer {token}"})

    def socket(self) -> connect:
        """A speaker's connection that nothing was sent on."""
        return connect(self.base.replace("http", "ws") + "/speak", compression=None)

    async def session(self, title: str = "A talk") -> dict[str, Any]:
        """A new session, as its owner sees it."""
        answer = await self.rest.post("/sessions", json={"title": title, "source_language": "en"})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def start(self, socket: ClientConnection, session_id: str, next_seq: int = 0) -> dict[str, Any]:
        """Send start, return the answer."""
        await socket.send(
            json.dumps({"type": "start", "token": self.token, "session": session_id, "next_seq": next_seq})
        )
        answer: dict[str, Any] = json.loads(await socket.recv())
        return answer


@pytest.fixture
async def instance(
    platform: Platform, aws_environment: object, request: pytest.FixtureRequest
) -> AsyncIterator[Ingest]:
    (port,) = free_ports(1)
    environment = {**platform.environment, "DRAGOMAN_INGEST_PORT": str(port)}
    settings = load(IngestSettings, environment)
    service = Service("ingest")
    running = asyncio.create_task(serve(service, settings))
    async with asyncio.timeout(20):
        while not all(service.readiness().values()):
            if running.done():
                running.result()
            await asyncio.sleep(0.05)
    ingest = Ingest(f"http://127.0.0.1:{port}", await platform.sign_in())
    yield ingest
    await ingest.rest.aclose()
    service.stopping.set()
    async with asyncio.timeout(20):
        await running


def frame(seq: int, first_sample: int | None = None) -> bytes:
    at = seq * SAMPLES if first_sample is None else first_sample
    return pack(WireFrame(seq, at, now_ms(), bytes([seq % 256]) * (2 * SAMPLES)))


async def until_ack(socket: ClientConnection, seq: int) -> None:
    async with asyncio.timeout(10):
        while (message := json.loads(await socket.recv())) != {"type": "ack", "seq": seq}:
            assert message["type"] == "ack", message
            assert message["seq"] < seq


async def in_kafka(broker: str, session_id: str) -> list[Frame]:
    """All audio records of a session, in order."""
    async with LogReader.open(broker, [AUDIO], client_id="test") as reader:
        return [got.record async for got in reader.to_end() if got.record.session_id == session_id]


async def states(broker: str, session_id: str) -> list[Session]:
    async with LogReader.open(broker, [SESSIONS], client_id="test") as reader:
        return [got.record async for got in reader.to_end() if got.record.session_id == session_id]


async def test_frames_that_were_acknowledged_are_in_kafka_once_and_in_order(instance: Ingest, broker: str) -> None:
    session_id = (await instance.session())["session_id"]
    async with instance.socket() as socket:
        assert await instance.start(socket, session_id) == {
            "type": "ready",
            "next_seq": 0,
            "next_sample": 0,
            "state": "live",
        }
        for seq in range(40):
            await socket.send(frame(seq))
        await until_ack(socket, 39)
    frames = await in_kafka(broker, session_id)
    assert [one.seq for one in frames] == list(range(40))
    assert [one.first_sample for one in frames] == [seq * SAMPLES for seq in range(40)]
    assert frames[7].pcm == bytes([7]) * (2 * SAMPLES)
    assert (await states(broker, session_id))[-1].state is State.LIVE


async def test_a_talk_goes_on_after_a_cut_without_loss_or_repetition(instance: Ingest, broker: str) -> None:
    session_id = (await instance.session())["session_id"]
    async with instance.socket() as socket:
        await instance.start(socket, session_id)
        for seq in range(10):
            await socket.send(frame(seq))
        await until_ack(socket, 9)
        socket.transport.abort()
    async with instance.socket() as socket:
        ready = await instance.start(socket, session_id, next_seq=5)  # as if some acks had been lost
        assert ready["next_seq"] == 10
        assert ready["state"] == "live"
        for seq in range(10, 20):
            await socket.send(frame(seq))
        await until_ack(socket, 19)
    assert [one.seq for one in await in_kafka(broker, session_id)] == list(range(20))


async def test_pause_mute_and_end_lie_in_order_with_the_frames(instance: Ingest, broker: str) -> None:
    session_id = (await instance.session())["session_id"]
    async with instance.socket() as socket:
        await instance.start(socket, session_id)
        await socket.send(frame(0))
        await socket.send('{"type": "pause"}')
        await socket.send(frame(1))
        await socket.send('{"type": "resume"}')
        await socket.send(frame(2))
        await socket.send('{"type": "mute"}')
        await socket.send('{"type": "resume"}')
        await socket.send(frame(3))
        await socket.send('{"type": "end"}')
        said = [json.loads(message) async for message in socket]
    assert socket.close_code == 1000
    assert [message["state"] for message in said if message["type"] == "state"] == [
        "paused",
        "live",
        "muted",
        "live",
        "ended",
    ]
    assert max(message["seq"] for message in said if message["type"] == "ack") == 3
    frames = await in_kafka(broker, session_id)
    assert [one.mark or one.seq for one in frames] == [0, Mark.PAUSE, 2, Mark.MUTE, 3, Mark.END]
    assert frames[-1].first_sample == 4 * SAMPLES
    assert (await states(broker, session_id))[-1].state is State.ENDED
    assert (await instance.rest.get(f"/sessions/{session_id}")).status_code == 410
