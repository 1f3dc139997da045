"""The translator as a process, on real Kafka, S3 and engines: finals in, captions and clips out, through kills."""

import asyncio
import io
import secrets
import signal
from collections.abc import AsyncIterator

import httpx
import pytest
import soundfile
from aiobotocore.session import get_session

from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.provision import BUCKET
from services.common.clock import now_ms
from services.common.contracts import (
    Audience,
    Boundary,
    Caption,
    Final,
    Finished,
    LaneFinished,
    Speech,
    Translation,
    Word,
)
from services.common.kafka import Cluster, LogReader, Publisher
from services.common.topics import AUDIENCE, TRANSCRIPTS, TRANSLATIONS

SENTENCES = (
    "The roofs were tightened by a double course of bricks",
    "It is no longer possible to do this on Saturday",
    "At nine o'clock this morning we lost contact",
    "They were brave and idealistic young people",
    "Our journey into space will go on",
)


HEARS = {"pt": 1, "es": 1, "ca": 1, "fr": 0}
"""Who takes speech; there is no voice for ca."""


@pytest.fixture
async def session_id(cluster: Cluster) -> str:
    """A session with one listener in each language, known of before the translator starts."""
    session_id = secrets.token_hex(8)
    async with Publisher.open(cluster, "test") as publisher:
        for language, hearing in HEARS.items():
            record = Audience(
                session_id=session_id,
                language=language,
                notifier_id="test",
                listeners=1,
                hearing=hearing,
                at_ms=now_ms(),
            )
            await publisher.send(AUDIENCE, record)
    return session_id


@pytest.fixture
async def stack(platform: Platform, session_id: str) -> AsyncIterator[Stack]:
    """Only the translator, with time for its engines: a busy machine is not what is tested."""
    patient = {"DRAGOMAN_TRANSLATE_DEADLINE_S": "30", "DRAGOMAN_SYNTHESIZE_DEADLINE_S": "30"}
    others = {"ingest": 0, "transcriber": 0, "notifier": 0}
    async with Stack(platform, running=True, ports=Ports.free(), instances=others, env=patient) as running:
        yield running


def talk(session_id: str) -> list[Final]:
    """Each sentence in two finals, with a pause after it."""
    finals: list[Final] = []
    start_ms = 0.0
    for number, sentence in enumerate(SENTENCES):
        words = [
            Word(text, start_ms + 300 * place, start_ms + 300 * (place + 1))
            for place, text in enumerate(sentence.split())
        ]
        for part, ends in ((words[:5], Boundary.NONE), (words[5:], Boundary.PAUSE)):
            mark = None if not finals else "." if part[0] is words[0] else ""
            finals.append(
                Final(
                    session_id=session_id,
                    language="en",
                    index=len(finals),
                    words=tuple(part),
                    previous_mark=mark,  # type: ignore[arg-type]
                    ends=ends,
                    floor_epoch_ms=now_ms() - 20_000 + 4000 * number,
                    published_at_ms=now_ms(),
                )
            )
        start_ms += 4000
    return finals


async def speak(cluster: Cluster, session_id: str, *, pause_s: float) -> list[Final]:
    """Publish the talk, a final at a time."""
    finals = talk(session_id)
    async with Publisher.open(cluster, "test") as publisher:
        for final in finals:
            await publisher.send(TRANSCRIPTS, final)
            await asyncio.sleep(pause_s)
        end = Finished(session_id=session_id, language="en", end_ms=30_000, previous_mark=".")
        await publisher.send(TRANSCRIPTS, end)
    return finals


async def collect(cluster: Cluster, session_id: str) -> list[Translation]:
    """All records of the session until every language has finished."""
    found: list[Translation] = []
    waiting = set(HEARS)
    async with (
        asyncio.timeout(90),
        LogReader.open(cluster, [TRANSLATIONS], client_id="test-reader") as reader,
    ):
        async for received in reader.follow():
            record: Translation = received.record
            if record.session_id == session_id:
                found.append(record)
                if isinstance(record, LaneFinished):
                    waiting.discard(record.language)
            if not waiting:
                break
    return found


def check_exactly_once(records: list[Translation], finals: list[Final], language: str) -> list[Speech]:
    """Every word in one segment, every segment spoken once, in order. Returns the speech."""
    own = [record for record in records if record.language == language]
    captions = [record for record in own if isinstance(record, Caption)]
    speeches = [record for record in own if isinstance(record, Speech)]
    assert " ".join(caption.source for caption in captions).split() == [w.text for f in finals for w in f.words]
    assert [caption.index for caption in captions] == list(range(len(captions)))
    assert [speech.index for speech in speeches] == [caption.index for caption in captions if caption.spoken]
    assert all(caption.spoken == (language in {"pt", "es"}) for caption in captions if caption.text)
    assert all(caption.failed is None for caption in captions)
    assert [record.segments for record in own if isinstance(record, LaneFinished)] == [len(captions)]
    return speeches


async def test_a_talk_becomes_captions_and_clips_that_can_be_fetched(
    stack: Stack, session_id: str, aws_environment: object
) -> None:
    finals, records = await asyncio.gather(
        speak(stack.cluster, session_id, pause_s=0.1), collect(stack.cluster, session_id)
    )
    async with get_session().create_client("s3") as s3:
        for language in HEARS:
            for speech in check_exactly_once(records, finals, language):
                assert speech.failed is None
                stored = await s3.get_object(Bucket=BUCKET, Key=speech.key)
                samples, rate = soundfile.read(io.BytesIO(await stored["Body"].read()))
                assert speech.duration_ms == pytest.approx(1000 * len(samples) / rate, abs=0.01)
    said = " ".join(record.text for record in records if isinstance(record, Caption) and record.language == "pt")
    assert "jornada" in said or "viagem" in said


@pytest.mark.parametrize("after_s", [0.6, 1.5])
async def test_a_killed_translator_s_successor_goes_on_without_loss_or_repetition(
    stack: Stack, session_id: str, after_s: float
) -> None:
    async def kill() -> None:
        await asyncio.sleep(after_s)
        stack["translator"].send(signal.SIGKILL)  # its supervisor starts it again

    finals, records, _ = await asyncio.gather(
        speak(stack.cluster, session_id, pause_s=0.3), collect(stack.cluster, session_id), kill()
    )
    for language in HEARS:
        check_exactly_once(records, finals, language)


async def test_it_tells_how_it_is(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack["translator"].url) as http:
        ready = await http.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["checks"].keys() >= {"kafka", "audience"}
        assert "dragoman_translator_engine_seconds" in (await http.get("/metrics")).text
