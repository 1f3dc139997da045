"""Several talks at once, at real pace, while something goes wrong; then everything that is needed to audit them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.connection import GaveUp, Refused
from services.cli.clients.microphone import Captured, play_as_captured
from services.cli.clients.sessions import ApiError, Sessions
from services.cli.clients.speaker import Speaker
from services.cli.stack import Platform
from services.cli.stack.provision import BUCKET
from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE
from tests.faults.auditor.collect import collect
from tests.faults.auditor.evidence import AnyLine, write
from tests.faults.faults.fault import Fault
from tests.faults.recording import NotedListener, NotedUplink, Wristwatch, spoken_words
from tests.faults.scene import Scene, scene

_JOIN_S = 60.0
_FINISH_S = 120.0
"""From the last speaker's end to the last listener's."""
_NEVER_S = 300.0
"""So long after its recording a speaker is still trying."""


@dataclass(frozen=True)
class Talk:
    """A recording, and who listens to it."""

    recording: Path
    seconds: float
    """So much of it, from the beginning again where it is too short."""
    hear: tuple[str, ...]
    """Languages, a listener each."""
    read: tuple[str, ...] = ()


@dataclass
class Moments:
    """Of a fault; wall clock, ms."""

    injected_at_ms: float = 0.0
    over_at_ms: float = 0.0


@dataclass
class _Voices:
    """The clients of one talk."""

    session: str
    speaker: Speaker
    uplink: NotedUplink
    listeners: list[NotedListener]
    talk: Talk
    troubles: list[str] = field(default_factory=list)


async def perform(
    platform: Platform, fault: Fault, talks: Sequence[Talk], *, random: Random, after_s: float, folder: Path
) -> Moments:
    """Give the talks with the fault ``after_s`` into them, and leave the record in the folder.

    A client that can't go on is no error here: what it lacks is in its record.
    """
    moments = Moments()
    async with scene(platform, random, {}) as here:
        token = await platform.sign_in()
        async with Sessions(here.stack.ingest_url, token) as sessions:
            voices = [await _prepare(here, sessions, talk, token) for talk in talks]
            try:
                await _give(here, voices, fault, after_s, moments)
            finally:
                for voice in voices:
                    with contextlib.suppress(ApiError):
                        await sessions.end(voice.session)
        for voice in voices:
            _write_down(folder, voice)
        await _collect(platform, {voice.session for voice in voices}, folder)
    return moments


async def _prepare(here: Scene, sessions: Sessions, talk: Talk, token: str) -> _Voices:
    session = (await sessions.create(talk.recording.stem, "en")).session_id
    samples = np.resize(await asyncio.to_thread(read_floor_audio, talk.recording), int(talk.seconds * SAMPLE_RATE))
    troubles: list[str] = []
    speaker = Speaker(
        here.speak_url, session, token, _by(here.watch, play_as_captured(samples)), report=troubles.append
    )
    speaker._uplink = uplink = NotedUplink(session=session, watch=here.watch)
    listeners = [
        NotedListener(name, here.listen_url, session, language, hear=hear, report=troubles.append)
        for name, language, hear in (
            *((f"{language} listener", language, True) for language in talk.hear),
            *((f"{language} reader", language, False) for language in talk.read),
        )
    ]
    return _Voices(session, speaker, uplink, listeners, talk, troubles)


async def _by(watch: Wristwatch, floor: AsyncGenerator[Captured, None]) -> AsyncGenerator[Captured, None]:
    """Frames with the times of this watch."""
    async with contextlib.aclosing(floor):
        async for captured in floor:
            yield Captured(captured.first_sample, captured.captured_at_ms + watch.ahead_ms, captured.pcm)


async def _give(here: Scene, voices: Sequence[_Voices], fault: Fault, after_s: float, moments: Moments) -> None:
    listening = [asyncio.create_task(_run(one, voice)) for voice in voices for one in voice.listeners]
    joined = [one.joined.wait() for voice in voices for one in voice.listeners]
    async with asyncio.timeout(_JOIN_S):
        await asyncio.gather(*joined)
    speaking = [asyncio.create_task(_run(voice.speaker, voice)) for voice in voices]
    try:
        await asyncio.sleep(after_s)
        moments.injected_at_ms = now_ms()
        await fault.inject(here)
        await asyncio.sleep(fault.lasts_s)
        await fault.heal(here)
        moments.over_at_ms = now_ms()
        await asyncio.wait(speaking, timeout=_NEVER_S)
        await asyncio.wait(listening, timeout=_FINISH_S)
    finally:
        for task in (*speaking, *listening):
            task.cancel()
        await asyncio.gather(*speaking, *listening, return_exceptions=True)


async def _run(client: Speaker | NotedListener, voice: _Voices) -> None:
    try:
        await client.run()
    except (GaveUp, Refused) as fault:
        voice.troubles.append(f"{type(fault).__name__}: {fault}")


def _write_down(folder: Path, voice: _Voices) -> None:
    spoken: list[AnyLine] = [*spoken_words(voice.session, voice.talk.recording, voice.talk.seconds)]
    write(folder / "speakers.jsonl", [*spoken, *voice.uplink.lines])
    for listener in voice.listeners:
        listener.note_played()
        write(folder / "listeners.jsonl", listener.lines)
    with (folder / "troubles.txt").open("a", encoding="utf-8") as file:
        file.writelines(f"{voice.talk.recording.stem}: {trouble}\n" for trouble in voice.troubles)


async def _collect(platform: Platform, sessions: set[str], folder: Path) -> None:
    aws = {
        "endpoint_url": platform.aws.url,
        "region_name": "us-east-1",
        "aws_access_key_id": platform.aws.root.key_id,
        "aws_secret_access_key": platform.aws.root.secret,
    }
    await collect(folder, platform.broker.bootstrap, BUCKET, aws, sessions)
