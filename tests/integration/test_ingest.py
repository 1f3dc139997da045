"""Ingest against a real broker and a real AWS endpoint, over real sockets."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore import UNSIGNED
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from services.cli.stack import Platform, Provisioned
from services.cli.stack.broker import Broker
from services.cli.stack.ports import free_ports
from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Frame, Mark, Session, State
from services.common.frames import WireFrame, pack
from services.common.kafka import Cluster, LogReader
from services.common.lifecycle import Service
from services.common.settings import load
from services.common.topics import AUDIO, SESSIONS
from services.ingest.app import serve
from services.ingest.audio_log import KafkaAudioLog
from services.ingest.floor import Position
from services.ingest.settings import IngestSettings
from services.ingest.view import SessionView

SAMPLES = 1536


class Ingest:
    """One running instance, and a signed-in speaker."""

    def __init__(self, rest: httpx.AsyncClient, token: str) -> None:
        self.rest = rest
        self.token = token

    def socket(self) -> connect:
        """A speaker's connection that nothing was sent on."""
        return connect(str(self.rest.base_url.copy_with(scheme="ws", path="/speak")), compression=None)

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


@asynccontextmanager
async def running(platform: Platform, *, limit_s: float = 20, **told: str) -> AsyncIterator[Ingest]:
    """An ingest in this process, for the length of the block; leaving it is a SIGTERM."""
    (port,) = free_ports(1)
    settings = load(IngestSettings, {**os.environ, **platform.environment, "DRAGOMAN_INGEST_PORT": str(port), **told})
    service = Service("ingest")
    serving = asyncio.create_task(serve(service, settings))
    try:
        async with asyncio.timeout(limit_s):
            while not all(service.readiness().values()):  # noqa: ASYNC110  (there is no event to wait for)
                await asyncio.sleep(0.05)
        token = await platform.sign_in()
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as rest:
            yield Ingest(rest, token)
    finally:
        service.stopping.set()
        async with asyncio.timeout(20):
            await serving


@pytest.fixture
async def instance(platform: Platform, aws_environment: object) -> AsyncIterator[Ingest]:
    async with running(platform) as ingest:
        yield ingest


def frame(seq: int, first_sample: int | None = None, captured_at_ms: float | None = None) -> bytes:
    at = seq * SAMPLES if first_sample is None else first_sample
    captured = now_ms() if captured_at_ms is None else captured_at_ms
    return pack(WireFrame(seq, at, captured, bytes([seq % 256]) * (2 * SAMPLES)))


async def until_ack(socket: ClientConnection, seq: int) -> None:
    async with asyncio.timeout(10):
        while (message := json.loads(await socket.recv())) != {"type": "ack", "seq": seq}:
            assert message["type"] == "ack", message
            assert message["seq"] < seq


async def in_kafka(cluster: Cluster, session_id: str) -> list[Frame]:
    """All audio records of a session, in order."""
    async with LogReader.open(cluster, [AUDIO], client_id="test") as reader:
        return [got.record async for got in reader.to_end() if got.record.session_id == session_id]


async def states(cluster: Cluster, session_id: str) -> list[Session]:
    async with LogReader.open(cluster, [SESSIONS], client_id="test") as reader:
        return [got.record async for got in reader.to_end() if got.record.session_id == session_id]


async def test_frames_that_were_acknowledged_are_in_kafka_once_and_in_order(instance: Ingest, cluster: Cluster) -> None:
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
    frames = await in_kafka(cluster, session_id)
    assert [one.seq for one in frames] == list(range(40))
    assert [one.first_sample for one in frames] == [seq * SAMPLES for seq in range(40)]
    assert frames[7].pcm == bytes([7]) * (2 * SAMPLES)
    assert (await states(cluster, session_id))[-1].state is State.LIVE


async def test_a_talk_goes_on_after_a_cut_without_loss_or_repetition(instance: Ingest, cluster: Cluster) -> None:
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
    assert [one.seq for one in await in_kafka(cluster, session_id)] == list(range(20))


async def test_pause_mute_and_end_lie_in_order_with_the_frames(instance: Ingest, cluster: Cluster) -> None:
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
    frames = await in_kafka(cluster, session_id)
    assert [one.mark or one.seq for one in frames] == [0, Mark.PAUSE, 2, Mark.MUTE, 3, Mark.END]
    assert frames[-1].first_sample == 4 * SAMPLES
    assert (await states(cluster, session_id))[-1].state is State.ENDED
    assert (await instance.rest.get(f"/sessions/{session_id}")).status_code == 410


async def test_a_second_talk_in_a_session_goes_on_where_the_first_stopped(instance: Ingest, cluster: Cluster) -> None:
    session_id = (await instance.session())["session_id"]
    async with instance.socket() as socket:
        await instance.start(socket, session_id)
        for seq in range(5):
            await socket.send(frame(seq))
        await until_ack(socket, 4)
    async with instance.socket() as socket:
        ready = await instance.start(socket, session_id)
        assert (ready["next_seq"], ready["next_sample"]) == (5, 5 * SAMPLES)
        await socket.send(frame(5))
        await until_ack(socket, 5)
    assert [one.seq for one in await in_kafka(cluster, session_id)] == list(range(6))


async def test_a_task_that_restarted_lets_its_speakers_go_on(
    platform: Platform, cluster: Cluster, aws_environment: object
) -> None:
    async with running(platform) as before:
        session_id = (await before.session())["session_id"]
        async with before.socket() as socket:
            await before.start(socket, session_id)
            for seq in range(5):
                await socket.send(frame(seq))
            await until_ack(socket, 4)
    async with running(platform) as after:
        assert (await after.rest.get(f"/sessions/{session_id}")).json()["state"] == "live"
        async with after.socket() as socket:
            ready = await after.start(socket, session_id, next_seq=3)
            assert (ready["next_seq"], ready["state"]) == (5, "live")  # what Kafka has it need not send again
            for seq in range(5, 8):
                await socket.send(frame(seq))
            await until_ack(socket, 7)
    assert [one.first_sample for one in await in_kafka(cluster, session_id)] == [seq * SAMPLES for seq in range(8)]


async def test_a_speaker_whose_machine_died_goes_on_at_another_task_and_what_is_missing_is_known_to_the_sample(
    platform: Platform, cluster: Cluster, aws_environment: object
) -> None:
    async with running(platform, DRAGOMAN_INSTANCE="1") as one, running(platform, DRAGOMAN_INSTANCE="2") as two:
        session_id = (await one.session())["session_id"]
        async with one.socket() as socket:
            await one.start(socket, session_id)
            for seq in range(3):
                await socket.send(frame(seq, captured_at_ms=now_ms() - 60_000))
            await until_ack(socket, 2)
        async with two.socket() as socket:
            ready = await two.start(socket, session_id)
            gap = ready["next_sample"] - 3 * SAMPLES
            assert 60 <= gap / SAMPLE_RATE < 90
            assert (ready["next_seq"], ready["missing_ms"]) == (3, gap * 1000 / SAMPLE_RATE)
            await socket.send(frame(3, ready["next_sample"]))
            await until_ack(socket, 3)
    assert [(one.seq, one.missing_samples) for one in await in_kafka(cluster, session_id)][-2:] == [(2, 0), (3, gap)]


async def test_a_floor_is_found_however_long_ago_its_last_frame_came(
    platform: Platform, cluster: Cluster, aws_environment: object
) -> None:
    """Looked up further and further back: in the session's own partition, or in all where it is not known yet."""
    async with running(platform) as ingest:
        made = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, made["session_id"])
            await socket.send(frame(0))
            await until_ack(socket, 0)
    (record,) = await in_kafka(cluster, made["session_id"])
    session = (await states(cluster, made["session_id"]))[-1]
    view = SessionView()
    log = KafkaAudioLog(cluster, "test", view, limit_s=10, look_back_s=(0.0, 3600.0))
    there = Position(1, SAMPLES, flows=True, captured_at_ms=record.captured_at_ms)
    assert await log.position(session) == there
    async with LogReader.open(cluster, [SESSIONS], client_id="test") as reader:
        async for received in reader.to_end():
            view.take(received)
    assert session.session_id in view.partitions
    assert await log.position(session) == there
    assert await log.position(msgspec.structs.replace(session, session_id="nobody")) is None


async def test_two_tasks_agree_on_who_speaks_and_on_the_end(platform: Platform, aws_environment: object) -> None:
    async with running(platform, DRAGOMAN_INSTANCE="1") as one, running(platform, DRAGOMAN_INSTANCE="2") as two:
        session_id = (await one.session())["session_id"]
        async with one.socket() as first, two.socket() as second:
            await one.start(first, session_id)
            await two.start(second, session_id)
            assert await closed(first) == 4409
            assert (await one.rest.patch(f"/sessions/{session_id}", json={"state": "paused"})).status_code == 200
            async with asyncio.timeout(5):
                assert json.loads(await second.recv()) == {"type": "state", "state": "paused"}
            assert (await one.rest.delete(f"/sessions/{session_id}")).status_code == 204
            assert await closed(second) == 4410


async def test_only_an_access_token_of_the_pool_is_let_in(
    instance: Ingest, platform: Platform, aws: Provisioned
) -> None:
    header, claims, signature = instance.token.split(".")
    async with get_session().create_client(
        "cognito-idp", region_name="us-east-1", endpoint_url=aws.endpoint, config=AioConfig(signature_version=UNSIGNED)
    ) as cognito:
        signed_in = await cognito.initiate_auth(
            ClientId=aws.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": aws.demo_speaker, "PASSWORD": aws.demo_password},
        )
    wrong = {
        "an id token": signed_in["AuthenticationResult"]["IdToken"],
        "another signature": f"{header}.{claims}.{signature[::-1]}",
        "changed claims": f"{header}.{claims[:-4]}AAAA.{signature}",
        "no token": "none",
    }
    for what, token in wrong.items():
        answer = await instance.rest.get("/sessions", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, what
    assert (await instance.rest.get("/sessions")).status_code == 200


async def test_another_speaker_of_the_pool_may_not_speak(instance: Ingest, platform: Platform) -> None:
    session_id = (await instance.session())["session_id"]
    instance.token = await platform.another_speaker("stranger@example.org")
    async with instance.socket() as socket:
        assert (await instance.start(socket, session_id))["code"] == "not_owner"
        assert await closed(socket) == 4403


async def test_ingest_waits_for_a_broker_that_is_not_there_yet_and_outlives_its_absence(
    platform: Platform, own_broker: Broker, aws_environment: object
) -> None:
    await own_broker.stop()
    told = {"DRAGOMAN_KAFKA_BOOTSTRAP": own_broker.bootstrap, "DRAGOMAN_KAFKA_TIMEOUT_S": "2"}
    async with AsyncExitStack() as stack:
        starting = asyncio.ensure_future(stack.enter_async_context(running(platform, limit_s=60, **told)))
        await asyncio.sleep(0)
        assert not starting.done()
        await own_broker.start()
        ingest = await starting
        session_id = (await ingest.session())["session_id"]
        async with ingest.socket() as socket:
            await ingest.start(socket, session_id)
            for seq in range(5):
                await socket.send(frame(seq))
            await until_ack(socket, 4)
            await own_broker.stop()
            for seq in range(5, 10):
                await socket.send(frame(seq))
            assert await closed(socket) == 1013
        await own_broker.start()
        seq = 0
        async with asyncio.timeout(60):
            while seq < 10:
                with contextlib.suppress(ConnectionClosed, KeyError):
                    async with ingest.socket() as socket:
                        seq = (await ingest.start(socket, session_id, next_seq=5))["next_seq"]
                        for number in range(seq, 10):
                            await socket.send(frame(number))
                        await until_ack(socket, 9)
                        seq = 10
    frames = await in_kafka(own_broker.cluster, session_id)
    new = [
        one
        for number, one in enumerate(frames)
        if one.first_sample >= max((f.first_sample + f.samples for f in frames[:number]), default=0)
    ]
    assert [one.seq for one in new] == list(range(10))


async def closed(socket: ClientConnection) -> int | None:
    """Read until the service closes the socket; its code."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionClosed):
            async for _ in socket:
                pass
    return socket.close_code
