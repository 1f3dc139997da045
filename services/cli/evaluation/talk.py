"""One talk through the system: a recording as the speaker, listeners in several languages, everything kept."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.connection import socket_url
from services.cli.clients.listener import Hearing, Listener
from services.cli.clients.microphone import Captured, play_as_captured
from services.cli.clients.notices import Notice
from services.cli.clients.sessions import ApiError, Sessions
from services.cli.clients.speaker import Speaker
from services.cli.errors import CliError
from services.cli.evaluation.lag import ReadFinal
from services.cli.evaluation.usage import Usage, UsageWatch
from services.cli.stack.system import System
from services.common.contracts import SAMPLE_RATE, Final, Finished
from services.common.kafka import Cluster, LogReader
from services.common.topics import TRANSCRIPTS

_JOIN_S = 20.0
_FINISH_S = 90.0
"""From the speaker's end to the last listener's."""
_LOOKED_BACK_MS = 1000.0


class TalkFailed(CliError):
    """The talk did not come to its end. The message says what was missing."""


@dataclass(frozen=True)
class Audience:
    """One listener's wish."""

    language: str
    hear: bool = True


@dataclass
class Outcome:
    """What came out of a talk."""

    recording: Path
    source: str
    duration_s: float
    loop_s: float | None = None
    """Length of the recording, where it was played again and again."""
    session_id: str = ""
    finals: list[ReadFinal] = field(default_factory=list)
    hearings: dict[str, Hearing] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=dict)
    watched_s: float = 0.0
    lost_frames: int = 0


async def give(
    system: System,
    recording: Path,
    source: str,
    audience: Sequence[Audience],
    *,
    minutes: float | None = None,
    on_notice: Callable[[str, Notice, float], None] = lambda *_: None,
    report: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Play the recording at real pace and wait until every listener has had everything.

    minutes: play it again and again for this long. on_notice: told of each listener's language, notice and its
    arrival. Raises TalkFailed, ApiError, Refused, GaveUp, KafkaUnavailable, UnreadableAudio.
    """
    samples = await asyncio.to_thread(read_floor_audio, recording)
    duration_s = samples.size / SAMPLE_RATE if minutes is None else minutes * 60
    outcome = Outcome(recording, source, duration_s, None if minutes is None else samples.size / SAMPLE_RATE)
    token = await system.sign_in()
    async with Sessions(system.ingest_url, token) as sessions:
        session = await sessions.create(recording.stem, source)
        outcome.session_id = session.session_id
        try:
            floor = play_as_captured(samples, loop=minutes is not None)
            if minutes is not None:
                floor = _first(floor, duration_s)
            speaker = Speaker(socket_url(system.ingest_url, "/speak"), session.session_id, token, floor, report=report)
            listeners = [
                Listener(
                    socket_url(system.notifier_url, "/listen"),
                    session.session_id,
                    wish.language,
                    hear=wish.hear,
                    keep_sound=minutes is None,
                    on_notice=lambda notice, at_ms, language=wish.language: on_notice(language, notice, at_ms),  # type: ignore[misc]
                    report=report,
                )
                for wish in audience
            ]
            outcome.hearings = {listener.language: listener.hearing for listener in listeners}
            await _run(system, speaker, listeners, outcome)
        finally:
            with contextlib.suppress(ApiError):
                await sessions.end(session.session_id)
    return outcome


@asynccontextmanager
async def going_on(
    system: System, recording: Path, source: str, report: Callable[[str], None] = lambda _: None
) -> AsyncIterator[str]:
    """The id of a session in which the recording is spoken again and again for the length of the block.

    Raises ApiError, Refused, GaveUp, UnreadableAudio.
    """
    samples = await asyncio.to_thread(read_floor_audio, recording)
    token = await system.sign_in()
    async with Sessions(system.ingest_url, token) as sessions:
        session = await sessions.create(recording.stem, source)
        floor = play_as_captured(samples, loop=True)
        url = socket_url(system.ingest_url, "/speak")
        try:
            async with asyncio.TaskGroup() as tasks:
                speaker = Speaker(url, session.session_id, token, floor, report=report)
                speaking = tasks.create_task(speaker.run())
                yield session.session_id
                speaking.cancel()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            with contextlib.suppress(ApiError):
                await sessions.end(session.session_id)


async def _run(system: System, speaker: Speaker, listeners: Sequence[Listener], outcome: Outcome) -> None:
    watch = UsageWatch(system.pids)
    try:
        async with asyncio.TaskGroup() as tasks:
            reading = asyncio.Event()
            hearing = [tasks.create_task(listener.run()) for listener in listeners]
            transcript = tasks.create_task(_read_finals(system.cluster, outcome, reading))
            await _within(
                _JOIN_S, "listeners to join", *(listener.joined.wait() for listener in listeners), reading.wait()
            )
            watching = tasks.create_task(watch.run())
            began = time.monotonic()
            await speaker.run()
            await _within(_FINISH_S, "the talk to reach every listener", *map(_done, (*hearing, transcript)))
            outcome.watched_s = time.monotonic() - began
            watching.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
    finally:
        outcome.usage = watch.usage
        outcome.lost_frames = speaker.lost_frames


async def _done(task: "asyncio.Task[None]") -> None:
    await asyncio.wait((task,))


async def _within(limit_s: float, what: str, *works: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await asyncio.gather(*works)
    except TimeoutError:
        raise TalkFailed(f"waited {limit_s:.0f} s in vain for {what}; see 'dragoman logs'") from None


async def _read_finals(cluster: Cluster, outcome: Outcome, reading: asyncio.Event) -> None:
    """The session's finals as they become readable, until it has finished."""
    since_ms = time.time() * 1000 - _LOOKED_BACK_MS
    async with LogReader.open(cluster, [TRANSCRIPTS], client_id="dragoman-talk", since_ms=since_ms) as reader:
        reading.set()
        async for received in reader.follow():
            if received.record.session_id != outcome.session_id:
                continue
            match received.record:
                case Final() as final:
                    outcome.finals.append(ReadFinal(final, received.read_at_ms))
                case Finished():
                    return
                case _:
                    pass


async def _first(floor: AsyncGenerator[Captured, None], seconds: float) -> AsyncGenerator[Captured, None]:
    async with contextlib.aclosing(floor):
        async for captured in floor:
            if captured.first_sample >= seconds * SAMPLE_RATE:
                return
            yield captured
