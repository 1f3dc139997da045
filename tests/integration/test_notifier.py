"""The notifier as a process of its own, on a real broker and a real AWS endpoint."""

import asyncio
import json
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiobotocore.session import get_session
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from services.cli.stack import Instance, Platform
from services.cli.stack.broker import Broker
from services.cli.stack.ports import free_ports
from services.common.clock import now_ms
from services.common.contracts import LaneFinished, Record, State
from services.common.kafka import Cluster, LogReader, Publisher
from services.common.topics import AUDIENCE, SESSIONS, TRANSLATIONS
from services.notifier.presign import Presigner, open_signer
from tests.unit.notifier.records import caption, session, speech
from tests.unit.notifier.serving import Ears

CLIP = b"fLaC" + bytes(2_000)


class Talk:
    """A session whose translator is the test."""

    def __init__(self, publisher: Publisher, clips: Any, bucket: str, url: str) -> None:
        self.id = secrets.token_hex(12)
        self.code = f"{secrets.token_hex(4)}-otter"
        self._publisher = publisher
        self._clips = clips
        self._bucket = bucket
        self._url = url

    async def state(self, state: State) -> None:
        await self._publisher.send(SESSIONS, session(self.id, code=self.code, state=state))

    async def say(self, *indexes: int, language: str = "pt") -> None:
        """Publish captions, and speech with clips that are there."""
        for index in indexes:
            said = speech(index, session_id=self.id, language=language, at=now_ms())
            await self._clips.put_object(Bucket=self._bucket, Key=said.key, Body=CLIP)
            await self._publisher.send(TRANSLATIONS, caption(index, session_id=self.id, language=language, at=now_ms()))
            await self._publisher.send(TRANSLATIONS, said)

    async def finish(self, segments: int, language: str = "pt") -> None:
        await self._publisher.send(TRANSLATIONS, LaneFinished(session_id=self.id, language=language, segments=segments))

    @asynccontextmanager
    async def listener(self, language: str = "pt", **more: Any) -> AsyncIterator[Ears]:
        """A listener that has joined, once the notifier is there and knows the session."""
        async with asyncio.timeout(30):
            while not await self._is_known():  # noqa: ASYNC110 (another process is no event)
                await asyncio.sleep(0.05)
        async with connect(self._url, compression=None, proxy=None) as socket:
            ears = Ears(socket)
            await ears.join(language, session=self.id, **more)
            yield ears

    async def _is_known(self) -> bool:
        try:
            async with connect(self._url, compression=None, proxy=None) as socket:
                await socket.send(json.dumps({"type": "join", "session": self.id, "language": "en"}))
                answer = await Ears(socket).next()
                return bool(answer["type"] == "joined")
        except (OSError, InvalidHandshake, ConnectionClosed):
            return False


@asynccontextmanager
async def running(platform: Platform, tmp_path: Path, **env: str) -> AsyncIterator[Instance]:
    """A notifier that is started again when it ends."""
    (port,) = free_ports(1)
    instance = Instance("notifier", 1, port, env={**platform.environment, **env}, log=tmp_path / "notifier.log")
    instance.start()
    try:
        await instance.ready()
        yield instance
    finally:
        await instance.stop()


@pytest.fixture
async def notifier(platform: Platform, tmp_path: Path) -> AsyncIterator[Instance]:
    async with running(platform, tmp_path) as instance:
        yield instance


@pytest.fixture
async def publisher(cluster: Cluster) -> AsyncIterator[Publisher]:
    async with Publisher.open(cluster, "test") as publisher:
        yield publisher


@pytest.fixture
async def clips(aws_environment: object) -> AsyncIterator[Any]:
    async with get_session().create_client("s3") as client:
        yield client


@pytest.fixture
async def talks(notifier: Instance, publisher: Publisher, clips: Any, platform: Platform) -> list[Talk]:
    """Two talks that are on."""
    url = notifier.url.replace("http", "ws") + "/listen"
    made = [Talk(publisher, clips, platform.environment["DRAGOMAN_CLIPS_BUCKET"], url) for _ in range(2)]
    for talk in made:
        await talk.state(State.LIVE)
    return made


async def test_a_clip_can_be_fetched_by_its_url_and_by_no_other(talks: list[Talk]) -> None:
    talk = talks[0]
    async with talk.listener() as ears, httpx.AsyncClient(trust_env=False) as http:
        await talk.say(0)
        assert (await ears.next())["type"] == "caption"
        url = (await ears.next())["url"]
        got = await http.get(url)
        assert (got.status_code, got.content) == (200, CLIP)
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
        assert "X-Amz-Expires=600" in url
        assert (await http.get(url.replace("000000", "000001"))).status_code == 403
        assert (await http.get(url.split("?")[0])).status_code == 403


async def test_an_expired_url_is_refused_and_the_next_one_works(aws_environment: Any, clips: Any) -> None:
    bucket = aws_environment.environment["DRAGOMAN_CLIPS_BUCKET"]
    key = f"{secrets.token_hex(4)}/pt/000000.flac"
    await clips.put_object(Bucket=bucket, Key=key, Body=CLIP)
    now = now_ms()
    async with open_signer(bucket, None, "us-east-1", lifetime_s=1) as sign, httpx.AsyncClient(trust_env=False) as http:
        presigner = Presigner(sign, lambda: now)
        url = await presigner.url(key)
        async with asyncio.timeout(10):
            while (await http.get(url)).status_code != 403:  # noqa: ASYNC110 (time is no event)
                await asyncio.sleep(0.2)
        assert await presigner.url(key) == url
        now += 600_000
        assert (await http.get(await presigner.url(key))).status_code == 200


async def test_late_join_resume_and_switch_on_a_real_broker(talks: list[Talk]) -> None:
    talk = talks[0]
    await talk.say(*range(6))
    await talk.say(*range(4), language="es")
    async with talk.listener(after=-1) as ears:
        assert await ears.some(12) == [(kind, index) for index in range(6) for kind in ("caption", "speech")]
    async with talk.listener() as ears:
        assert [index for kind, index in await ears.some(4) if kind == "caption"] == [3, 4, 5]
    async with talk.listener(after=3) as ears:
        assert await ears.some(4) == [("caption", 4), ("speech", 4), ("caption", 5), ("speech", 5)]
        await ears.join("es", session=talk.id, after=2)
        await talk.say(6)
        await talk.say(4, language="es")
        came = [await ears.next() for _ in range(4)]
        assert [(one["language"], one["type"], one["index"]) for one in came] == [
            ("es", "caption", 3),
            ("es", "speech", 3),
            ("es", "caption", 4),
            ("es", "speech", 4),
        ]


async def test_two_talks_do_not_mix(talks: list[Talk]) -> None:
    async with talks[0].listener() as one, talks[1].listener() as other:
        await asyncio.gather(talks[0].say(*range(20)), talks[1].say(*range(20)))
        for ears, talk in ((one, talks[0]), (other, talks[1])):
            came = [await ears.next() for _ in range(40)]
            assert {message["text"] for message in came} == {f"{talk.id} pt {index}" for index in range(20)}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_notifier_that_is_started_again_loses_and_repeats_nothing(
    talks: list[Talk], notifier: Instance, how: signal.Signals
) -> None:
    talk = talks[0]
    async with talk.listener() as ears:
        await talk.say(*range(3))
        assert await ears.some(6) == [(kind, index) for index in range(3) for kind in ("caption", "speech")]
        notifier.send(how)
        code, _ = await ears.closed()
        assert code == (1012 if how is signal.SIGTERM else 1006)
    await talk.say(3, 4)
    async with talk.listener(after=2) as ears:
        await talk.say(5)
        assert await ears.some(6) == [(kind, index) for index in (3, 4, 5) for kind in ("caption", "speech")]


async def test_an_end_is_an_end_also_after_a_restart(talks: list[Talk], notifier: Instance) -> None:
    talk = talks[0]
    async with talk.listener() as ears:
        await talk.say(0)
        await ears.some(2)
        await talk.state(State.ENDED)
        assert await ears.next() == {"type": "state", "state": "ended"}
        await talk.say(1)
        await talk.finish(2)
        code, before = await ears.closed()
        assert code == 1000
        assert [one["type"] for one in before] == ["caption", "speech", "ended"]
    assert await refusal(notifier, talk.id) == 4410
    notifier.send(signal.SIGKILL)
    async with talks[1].listener():
        assert await refusal(notifier, talk.id) == 4410
        assert await refusal(notifier, talk.code.upper()) == 4410


async def refusal(notifier: Instance, name: str) -> int:
    """The close code that a join gets."""
    async with connect(notifier.url.replace("http", "ws") + "/listen", compression=None, proxy=None) as socket:
        await socket.send(json.dumps({"type": "join", "session": name, "language": "pt"}))
        return (await Ears(socket).closed())[0]


async def test_counts_are_published_when_listeners_come_and_go(talks: list[Talk], cluster: Cluster) -> None:
    talk = talks[0]
    seen: list[tuple[str, int, int]] = []
    async with LogReader.open(cluster, [AUDIENCE], client_id="test", since_ms=now_ms()) as reader:
        follow = reader.follow()

        async def until(last: tuple[str, int, int]) -> None:
            async with asyncio.timeout(20):
                while last not in seen:
                    record: Record = (await anext(follow)).record
                    if record.session_id == talk.id:
                        seen.append((record.language, record.listeners, record.hearing))  # type: ignore[attr-defined]

        async with talk.listener(), talk.listener(audio=False):
            await until(("pt", 2, 1))
        await until(("pt", 0, 0))


async def test_a_broker_that_goes_and_comes_back_costs_no_listener(
    platform: Platform, own_broker: Broker, clips: Any, tmp_path: Path
) -> None:
    async with running(platform, tmp_path, DRAGOMAN_KAFKA_BOOTSTRAP=own_broker.bootstrap) as notifier:
        url = notifier.url.replace("http", "ws") + "/listen"
        async with Publisher.open(own_broker.cluster, "test") as publisher:
            talk = Talk(publisher, clips, platform.environment["DRAGOMAN_CLIPS_BUCKET"], url)
            await talk.state(State.LIVE)
            async with talk.listener() as ears:
                await talk.say(0)
                assert await ears.some(2) == [("caption", 0), ("speech", 0)]
                await own_broker.stop()
                await readiness(notifier, 503)
                await own_broker.start()
                await talk.say(1)
                assert await ears.some(2) == [("caption", 1), ("speech", 1)]
                await readiness(notifier, 200)
                assert notifier.restarts == 0


async def readiness(notifier: Instance, status: int) -> None:
    """Wait until readiness is answered with this status."""
    async with asyncio.timeout(30), httpx.AsyncClient(trust_env=False) as http:
        while (await http.get(f"{notifier.url}/readyz")).status_code != status:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
