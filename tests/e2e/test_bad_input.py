"""Bad input beside a healthy talk, and the ground under a talk giving way: no word of it is lost."""

import asyncio
import contextlib
import itertools
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.connection import socket_url
from services.cli.clients.sessions import Sessions
from services.cli.evaluation.talk import Audience, Outcome, give
from services.cli.stack import SERVICES, Stack
from services.cli.stack.system import System
from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, DeadLetter, Final, Finished, Record, Word
from services.common.frames import WireFrame, pack
from services.common.kafka import Cluster, LogReader, Publisher, partition_of
from services.common.kafka.admin import PARTITIONS
from services.common.topics import ALL, AUDIENCE, DEAD, TRANSCRIPTS, Encoded, Topic
from tests.e2e.following import Message, Progress, captions, listening
from tests.e2e.talks import (
    BABYLON,
    IVORY,
    assert_faithful,
    assert_heard_once_in_order,
    assert_read_once_in_order,
    assert_transcribed,
    excerpt,
    recording,
    words_of,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTENERS = (Audience("pt"), Audience("es", hear=False))
DEEP = b"[" * 60_000
UNREADABLE = (b"\xff\xfe", b"{", b'{"type": "final", "session_id": 7}', b'{"type": "final", "unknown": ' + DEEP)
JOINING = [topic for topic in ALL if topic is not DEAD]
SETS_ASIDE = {
    "audio": "transcriber",
    "transcripts": "translator",
    "translations": "notifier",
    "sessions": "ingest",
    "audience": "ingest",
}
READERS = {
    "ingest": {"sessions", "audience"},
    "transcriber": {"audio"},
    "translator": {"transcripts", "audience"},
    "notifier": {"transcripts", "translations", "sessions"},
}


async def neighbour(sessions: Sessions, session_id: str) -> str:
    """A new session of the same partition, which whatever holds up the one would hold up too."""
    while True:
        other = (await sessions.create("Neighbour", "en")).session_id
        if partition_of(other, PARTITIONS) == partition_of(session_id, PARTITIONS):
            return other
        await sessions.end(other)


async def say_too_little_and_too_loud(system: System, folder: Path) -> tuple[Outcome, Outcome]:
    """50 ms of a word, then speech that is clipped until it is nearly square."""
    speech = read_floor_audio(BABYLON)[: 8 * SAMPLE_RATE]
    loud = np.clip(speech.astype(np.int32) * 40, -32768, 32767).astype(np.int16)
    short = recording(folder, "short", speech[SAMPLE_RATE : SAMPLE_RATE + SAMPLE_RATE // 20])
    first = await give(system, short, "en", (Audience("pt"),))
    return first, await give(system, recording(folder, "loud", loud), "en", (Audience("pt"),))


async def speak_too_fast(system: System, sessions: Sessions, token: str, session_id: str) -> int:
    """A recording as fast as it goes, again and again. Returns the close code."""
    speech = read_floor_audio(BABYLON)
    async with connect(socket_url(system.ingest_url, "/speak"), compression=None, proxy=None, max_queue=None) as socket:
        await socket.send(json.dumps({"type": "start", "token": token, "session": session_id, "next_seq": 0}))
        while json.loads(await socket.recv())["type"] != "ready":
            pass
        with contextlib.suppress(ConnectionClosed):
            for second in itertools.count():
                at = second % (speech.size // SAMPLE_RATE) * SAMPLE_RATE
                pcm = speech[at : at + SAMPLE_RATE].tobytes()
                await socket.send(pack(WireFrame(second, second * SAMPLE_RATE, now_ms(), pcm)))
        await socket.wait_closed()
    await sessions.end(session_id)
    assert socket.close_code is not None
    return socket.close_code


async def listen_without_reading(system: System, session_id: str, until: asyncio.Event) -> None:
    """A listener that takes nothing of what comes."""
    async with connect(socket_url(system.notifier_url, "/listen"), compression=None, proxy=None, max_queue=1) as socket:
        await socket.send(json.dumps({"type": "join", "session": session_id, "language": "pt", "partials": True}))
        await until.wait()
        socket.transport.abort()


async def publish_what_is_unreadable(publisher: Publisher, session_id: str) -> None:
    """On every topic that joins services, in the partition of a session."""
    for topic, value in itertools.product(JOINING, UNREADABLE):
        wrong: Topic[Record] = Topic(topic.name, {}, partial(encode_as, value), topic.decode)
        await publisher.send(wrong, Record(session_id=session_id))


def encode_as(value: bytes, record: Record) -> Encoded:
    """The record's key with that value."""
    return Encoded(record.session_id.encode(), value, ())


async def counted(cluster: Cluster, session_id: str) -> None:
    """Return once Kafka has it that somebody listens: words from before that are for nobody."""
    since_ms = now_ms() - 60_000
    async with LogReader.open(cluster, [AUDIENCE], client_id="test", since_ms=since_ms) as reader, asyncio.timeout(60):
        async for received in reader.follow():
            if received.record.session_id == session_id and received.record.listeners:
                return


async def say_what_runs_engines_away(
    system: System, sessions: Sessions, cluster: Cluster, publisher: Publisher, session_id: str
) -> list[Message]:
    """A word of 5,000 letters in the transcript of a session. Returns what its listener gets."""
    texts = ("We saw the " + "ab" * 2_500 + " at the station.", "Good evening, everybody, and welcome")
    async with listening(system) as ears:
        await ears.join("pt", session=session_id)
        await counted(cluster, session_id)
        for index, text in enumerate(texts):
            words = tuple(
                Word(word, 3000.0 * index + 300 * place, 3000.0 * index + 300 * (place + 1))
                for place, word in enumerate(text.removesuffix(".").split())
            )
            await publisher.send(
                TRANSCRIPTS,
                Final(
                    session_id=session_id,
                    language="en",
                    index=index,
                    words=words,
                    previous_mark="." if index else None,
                    floor_epoch_ms=now_ms() - 6000,
                    published_at_ms=now_ms(),
                ),
            )
        finished = Finished(session_id=session_id, language="en", end_ms=6000, previous_mark=".")
        await publisher.send(TRANSCRIPTS, finished)
        await sessions.end(session_id)
        code, came = await ears.closed()
    assert code == 1000
    return came


def unreadable_topics(stack: Stack, service: str) -> set[str]:
    """Topics of which the service logged a record that it can't read."""
    events = (json.loads(line) for line in stack[service].log.read_text().splitlines() if line.startswith("{"))
    return {event["topic"] for event in events if event["event"] == "record_unreadable"}


async def set_aside(cluster: Cluster, session_id: str) -> dict[str, DeadLetter]:
    """What was set aside of a session, by its places, once it is as much as was published of no use."""
    letters: dict[str, DeadLetter] = {}
    async with LogReader.open(cluster, [DEAD], client_id="test") as reader, asyncio.timeout(30):
        async for received in reader.follow():
            if received.record.session_id == session_id:
                letters.setdefault(received.record.place, received.record)
                if len(letters) == len(JOINING) * len(UNREADABLE):
                    break
    return letters


async def test_bad_input_harms_only_those_who_send_it(
    shared_stack: Stack, shared_system: System, tmp_path: Path
) -> None:
    system, token, progress = shared_system, await shared_system.sign_in(), Progress()
    over = asyncio.Event()

    async def healthy() -> Outcome:
        try:
            talk = excerpt(tmp_path, IVORY, 37_200)
            return await give(system, talk, "en", LISTENERS, on_notice=progress.on_notice)
        finally:
            over.set()

    async with (
        Sessions(system.ingest_url, token) as sessions,
        Publisher.open(shared_stack.cluster, "test") as publisher,
        asyncio.TaskGroup() as tasks,
    ):
        talk = tasks.create_task(healthy())
        await progress.captioned(1)
        tasks.create_task(listen_without_reading(system, progress.session_id, over))
        odd = tasks.create_task(say_too_little_and_too_loud(system, tmp_path))
        await publish_what_is_unreadable(publisher, progress.session_id)
        runaway = await neighbour(sessions, progress.session_id)
        said = await say_what_runs_engines_away(system, sessions, shared_stack.cluster, publisher, runaway)
        flooded = await neighbour(sessions, progress.session_id)
        assert await speak_too_fast(system, sessions, token, flooded) == 4429

    assert_faithful(talk.result(), most_errors=0.12)
    assert [shared_stack[service].restarts for service in SERVICES] == [0, 0, 0, 0]
    for service, topics in READERS.items():
        assert unreadable_topics(shared_stack, service) == topics
    letters = (await set_aside(shared_stack.cluster, progress.session_id)).values()
    assert {(one.topic, one.by) for one in letters} == set(SETS_ASIDE.items())
    assert {(one.topic, one.value) for one in letters} == set(itertools.product(SETS_ASIDE, UNREADABLE))

    assert [caption["index"] for caption in captions(said)] == list(range(len(captions(said))))
    assert all(len(caption["text"]) < 400 for caption in captions(said))
    assert "boa noite" in " ".join(caption["text"] for caption in captions(said)).casefold()

    short, loud = odd.result()
    assert len(words_of(short)) <= 1
    assert words_of(loud)
    for outcome in (short, loud):
        assert_heard_once_in_order(outcome, "pt")


async def test_captions_go_on_while_the_clip_store_is_gone_and_speech_comes_back_with_it(
    shared_stack: Stack, shared_system: System, tmp_path: Path
) -> None:
    progress, store = Progress(), shared_stack.platform.aws
    async with asyncio.TaskGroup() as tasks:
        talk = tasks.create_task(
            give(shared_system, excerpt(tmp_path, IVORY, 28_400), "en", LISTENERS, on_notice=progress.on_notice)
        )
        await progress.captioned(3)
        await store.stop()
        try:
            await progress.until(lambda so_far: so_far.failed_speech > 0)
            await progress.captioned(progress.captions["pt"] + 1)
        finally:
            await store.start()
    outcome = talk.result()
    assert_transcribed(outcome, most_errors=0.12)
    for language in outcome.hearings:
        assert_read_once_in_order(outcome, language)
    hearing = outcome.hearings["pt"]
    promised = [caption.index for _, caption in hearing.captions if caption.spoken]
    assert sorted(hearing.speeches) == promised
    heard = sorted(hearing.clips)
    assert len(heard) < len(promised)
    assert heard[-1] == promised[-1]


async def test_no_word_is_lost_while_the_broker_is_gone_and_comes_back(
    shared_stack: Stack, shared_system: System, tmp_path: Path
) -> None:
    progress, broker = Progress(), shared_stack.platform.broker
    async with asyncio.TaskGroup() as tasks:
        talk = tasks.create_task(
            give(shared_system, excerpt(tmp_path, IVORY, 20_900), "en", LISTENERS, on_notice=progress.on_notice)
        )
        await progress.captioned(3)
        await broker.stop()
        await broker.start()
    assert talk.result().lost_frames == 0
    assert_faithful(talk.result(), most_errors=0.15)
