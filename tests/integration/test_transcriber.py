"""The transcriber as a process, on a real broker and with a real engine: a talk in, its transcript out."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import jiwer
import pytest
import soundfile

from services.cli.stack import Instance, Platform
from services.cli.stack.ports import free_ports
from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Final, Finished, Frame, Mark, Transcript
from services.common.kafka import Cluster, LogReader, Publisher
from services.common.topics import AUDIO, TRANSCRIPTS
from services.transcriber.words import normalized

TALK = Path(__file__).parents[1] / "data" / "speech" / "en-bush-columbia.flac"
TALK_S = 30.0
FRAME = 1536
PACE = 3.0
"""Times as fast as it was spoken."""
REFERENCE = """
My fellow Americans, this day has brought terrible news and great sadness to our country. At nine o'clock this morning,
Mission Control in Houston lost contact with our Space Shuttle Columbia. A short time later, debris was seen falling
from the skies above Texas. The Columbia's lost; there are no survivors.
"""


@pytest.fixture
async def transcribers(platform: Platform, tmp_path: Path) -> AsyncIterator[list[Instance]]:
    """Two tasks of the service, of which the first is running."""
    env = {**platform.environment, "DRAGOMAN_WHISPER_WORKERS": "1"}
    made = [
        Instance("transcriber", number, port, env=env, log=tmp_path / f"transcriber-{number}.log")
        for number, port in enumerate(free_ports(2), start=1)
    ]
    made[0].start()
    try:
        await made[0].ready()
        yield made
    finally:
        for instance in made:
            if instance.pid is not None:
                instance.send(signal.SIGCONT)
            await instance.stop()


async def speak(cluster: Cluster, session: str) -> None:
    """The talk's frames and its end, a few times faster than it was spoken."""
    samples, _ = soundfile.read(TALK, stop=round(TALK_S * SAMPLE_RATE), dtype="int16")
    pcm = samples.tobytes()
    async with Publisher.open(cluster, "test-speaker") as publisher:
        for seq, at in enumerate(range(0, len(samples), FRAME)):
            await publisher.send(AUDIO, _frame(session, seq, at, pcm[2 * at : 2 * (at + FRAME)]))
            await asyncio.sleep(FRAME / SAMPLE_RATE / PACE)
        await publisher.send(AUDIO, _frame(session, 0, len(samples), b"", Mark.END))


def _frame(session: str, seq: int, at: int, pcm: bytes, mark: Mark | None = None) -> Frame:
    return Frame(
        session_id=session,
        language="en",
        seq=seq,
        first_sample=at,
        captured_at_ms=now_ms(),
        received_at_ms=now_ms(),
        pcm=pcm,
        mark=mark,
    )


async def published(cluster: Cluster, session: str) -> AsyncIterator[Transcript]:
    """The session's finals as they come, and its end."""
    async with LogReader.open(cluster, [TRANSCRIPTS], client_id="test-reader") as reader:
        async for received in reader.follow():
            record: Transcript = received.record
            if record.session_id == session and isinstance(record, Final | Finished):
                yield record
                if isinstance(record, Finished):
                    return


def text(finals: list[Final]) -> str:
    return " ".join(normalized(word.text) for final in finals for word in final.words)


async def transcript(cluster: Cluster, session: str, at_final: dict[int, Callable[[], None]]) -> list[Final]:
    """Let the talk be transcribed; do what is to be done once so many finals are published."""
    finals: list[Final] = []
    async with asyncio.timeout(150), asyncio.TaskGroup() as tasks:
        tasks.create_task(speak(cluster, session))
        async for record in published(cluster, session):
            if isinstance(record, Final):
                finals.append(record)
                at_final.get(len(finals), lambda: None)()
    return finals


def check_transcript(finals: list[Final]) -> None:
    """Every word once, in order, and what was said."""
    assert [final.index for final in finals] == list(range(len(finals)))
    times = [time for final in finals for word in final.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    reference = " ".join(normalized(word) for word in REFERENCE.split())
    assert jiwer.wer(reference, text(finals)) < 0.1


async def test_it_tells_whether_kafka_answers(transcribers: list[Instance]) -> None:
    async with httpx.AsyncClient(base_url=transcribers[0].url, trust_env=False) as http:
        assert (await http.get("/readyz")).json()["checks"]["kafka"] is True


async def test_a_talk_is_transcribed(platform: Platform, transcribers: list[Instance]) -> None:
    check_transcript(await transcript(platform.broker.cluster, "talk", {}))


async def test_a_transcriber_killed_in_mid_talk_loses_and_repeats_no_word(
    platform: Platform, transcribers: list[Instance]
) -> None:
    kill = {8: lambda: transcribers[0].send(signal.SIGKILL)}
    check_transcript(await transcript(platform.broker.cluster, "talk-killed", kill))
    assert transcribers[0].restarts == 1


async def test_a_transcriber_that_comes_back_after_another_took_over_repeats_no_word(
    platform: Platform, transcribers: list[Instance]
) -> None:
    frozen, other = transcribers

    def freeze() -> None:
        frozen.send(signal.SIGSTOP)
        other.start()

    happenings = {8: freeze, 10: lambda: frozen.send(signal.SIGCONT)}
    check_transcript(await transcript(platform.broker.cluster, "talk-frozen", happenings))
