"""A clip store that isn't there: services that start wait for it, and a talk goes on without speech, and says so."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from services.cli.stack import Instance, Platform
from services.cli.stack.ports import HOST, free_ports
from services.common.clock import now_ms
from services.common.contracts import Boundary, Final, State, Word
from services.common.kafka import Cluster, Publisher
from services.common.topics import SESSIONS, TRANSCRIPTS
from tests.unit.notifier.records import session
from tests.unit.notifier.serving import Ears

SENTENCE = "At nine o'clock this morning we lost contact"


class Door:
    """An address where nobody answers until it is opened; then the real store does."""

    def __init__(self, store_port: int) -> None:
        (self._port,) = free_ports(1)
        self._store_port = store_port
        self._open = AsyncExitStack()
        self.url = f"http://{HOST}:{self._port}"

    async def open(self) -> None:
        await self._open.enter_async_context(await asyncio.start_server(self._pass_on, HOST, self._port))

    async def close(self) -> None:
        await self._open.aclose()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        store_reader, store_writer = await asyncio.open_connection(HOST, self._store_port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, store_writer), pump(store_reader, writer), return_exceptions=True)


@pytest.fixture
async def door(platform: Platform) -> AsyncIterator[Door]:
    door = Door(platform.aws.port)
    yield door
    await door.close()


@asynccontextmanager
async def started(platform: Platform, service: str, folder: Path, **env: str) -> AsyncIterator[Instance]:
    (port,) = free_ports(1)
    instance = Instance(service, 1, port, env=platform.environment | env, log=folder / f"{service}.log")
    instance.start()
    try:
        yield instance
    finally:
        await instance.stop()


async def until_said(log: Path, event: str) -> None:
    async with asyncio.timeout(30):
        while event not in log.read_text():  # noqa: ASYNC110, ASYNC240 (a file is no event, and it is short)
            await asyncio.sleep(0.05)


def sentence(session_id: str, index: int = 0) -> Final:
    begin_ms = 5_000.0 * index
    words = tuple(
        Word(text, begin_ms + 300.0 * at, begin_ms + 300.0 * (at + 1)) for at, text in enumerate(SENTENCE.split())
    )
    at = now_ms()
    return Final(
        session_id=session_id,
        language="en",
        index=index,
        words=words,
        previous_mark="." if index else None,
        ends=Boundary.PAUSE,
        floor_epoch_ms=at - 3_000 - begin_ms,
        published_at_ms=at,
    )


async def test_translator_and_notifier_go_on_once_the_store_is_there(
    platform: Platform, cluster: Cluster, door: Door, tmp_path: Path
) -> None:
    session_id = secrets.token_hex(12)
    env = {"AWS_ENDPOINT_URL_S3": door.url, "DRAGOMAN_CLIPS_ENDPOINT": door.url}
    env |= {"DRAGOMAN_TRANSLATE_DEADLINE_S": "30", "DRAGOMAN_SYNTHESIZE_DEADLINE_S": "30"}
    async with (
        started(platform, "notifier", tmp_path, **env) as notifier,
        started(platform, "translator", tmp_path, **env) as translator,
        Publisher.open(cluster, "test") as publisher,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        await publisher.send(SESSIONS, session(session_id, code=secrets.token_hex(4), state=State.LIVE))
        await until_said(translator.log, "store_awaited")
        assert (await http.get(f"{translator.url}/healthz")).status_code == 200
        assert (await http.get(f"{translator.url}/readyz")).status_code == 503
        await notifier.ready()  # what it signs it need not reach
        async with connect(notifier.url.replace("http", "ws") + "/listen", proxy=None) as socket:
            ears = Ears(socket, patience_s=30)
            await ears.join(session=session_id)
            await publisher.send(TRANSCRIPTS, sentence(session_id))
            await door.open()
            await translator.ready()
            caption, speech = await ears.next(), await ears.next()
        assert (caption["type"], speech["type"], speech["index"]) == ("caption", "speech", caption["index"])
        assert speech["url"].startswith(door.url)
        clip = await http.get(speech["url"])
        assert (clip.status_code, clip.content[:4]) == (200, b"fLaC")
        assert (translator.restarts, notifier.restarts) == (0, 0)


async def test_while_the_store_stands_still_every_word_is_captioned_and_every_clip_that_is_missing_is_told(
    platform: Platform, cluster: Cluster, tmp_path: Path
) -> None:
    session_id = secrets.token_hex(12)
    env = {"DRAGOMAN_STORE_DEADLINE_S": "1"}
    async with (
        started(platform, "notifier", tmp_path) as notifier,
        started(platform, "translator", tmp_path, **env) as translator,
        Publisher.open(cluster, "test") as publisher,
    ):
        await publisher.send(SESSIONS, session(session_id, code=secrets.token_hex(4), state=State.LIVE))
        await notifier.ready()
        await translator.ready()
        async with connect(notifier.url.replace("http", "ws") + "/listen", proxy=None) as socket:
            ears = Ears(socket, patience_s=30)
            await ears.join(session=session_id)
            captions: list[dict[str, Any]] = []
            speeches: list[dict[str, Any]] = []

            async def say(index: int) -> None:
                """One more sentence, to its end: with the speech of all its segments."""
                await publisher.send(TRANSCRIPTS, sentence(session_id, index))
                until_ms = sentence(session_id, index).words[-1].end_ms
                while not (captions and captions[-1]["end_ms"] == until_ms and len(speeches) == len(captions)):
                    message = await ears.next()
                    {"caption": captions, "speech": speeches}[message["type"]].append(message)

            await say(0)
            platform.aws.process.send(signal.SIGSTOP)
            try:
                await say(1)
                await say(2)
            finally:
                platform.aws.process.send(signal.SIGCONT)
            away = len(captions)
            await say(3)
        assert [one["index"] for one in speeches] == [one["index"] for one in captions] == list(range(len(captions)))
        assert " ".join(one["source"] for one in captions) == " ".join([SENTENCE] * 4)
        assert all(one["spoken"] and one["text"] and "failed" not in one for one in captions)
        for speech in speeches[:away]:
            missing = speech["start_ms"] >= 5_000
            assert (speech["url"] is None, speech.get("failed")) == (
                missing,
                "speech unavailable" if missing else None,
            )
        assert speeches[-1]["url"] is not None
        assert translator.restarts == 0
