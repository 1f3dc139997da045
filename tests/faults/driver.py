"""Several talks at once, at real pace, while something goes wrong; then everything that is needed to audit them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import cast

import numpy as np

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.connection import GaveUp, Refused, socket_url
from services.cli.clients.microphone import FRAME_SAMPLES, Captured, play_as_captured
from services.cli.clients.sessions import ApiError, Sessions
from services.cli.clients.speaker import Speaker
from services.cli.clients.uplink import KEPT_FRAMES
from services.cli.stack import Platform
from services.cli.stack.provision import BUCKET
from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE
from tests.faults.auditor.collect import collect
from tests.faults.auditor.evidence import AnyLine, Reported, SpokenWord, write
from tests.faults.faults.fault import Fault
from tests.faults.lags import Moments
from tests.faults.recording import NotedListener, NotedUplink, Wristwatch, spoken_words
from tests.faults.scene import Harmless, Scene, scene

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


@dataclass(frozen=True)
class Given:
    """What was done."""

    moments: Moments
    sessions: tuple[str, ...]
    """Of the talks."""
    ran: tuple[str, ...]
    """See ``Scene``."""


@dataclass
class _Voices:
    """The clients of one talk."""

    session: str
    make_speaker: Callable[[NotedUplink | None, float], Speaker]
    """In place of one whose machine died, if it did, from so much of the talk on, in seconds."""
    listeners: list[NotedListener]
    talk: Talk
    troubles: list[str] = field(default_factory=list)
    uplinks: list[NotedUplink] = field(default_factory=list)
    began: float = 0.0
    speaking: "asyncio.Task[None] | None" = None

    def speak(self) -> None:
        """From the beginning, or with what is being said by now."""
        now = asyncio.get_running_loop().time()
        self.began = self.began or now
        speaker = self.make_speaker(self.uplinks[-1] if self.uplinks else None, now - self.began)
        self.uplinks.append(cast(NotedUplink, speaker._uplink))
        self.speaking = asyncio.create_task(_run(speaker, self))

    def crash(self) -> None:
        if self.speaking is not None:
            self.speaking.cancel()

    def in_word(self) -> bool:
        at_ms = 1000 * (asyncio.get_running_loop().time() - self.began)
        return any(word.start_ms < at_ms < word.end_ms for word in self.words)

    @cached_property
    def words(self) -> list[SpokenWord]:
        return spoken_words(self.session, self.talk.recording, self.talk.seconds)


async def perform(
    platform: Platform, fault: Fault, talks: Sequence[Talk], *, random: Random, after_s: float, folder: Path
) -> Given:
    """Give the talks with the fault ``after_s`` into them, and leave the record in the folder.

    A client that can't go on is no error here: what it lacks is in its record. Raises Harmless.
    """
    moments = Moments()
    async with scene(platform, random, folder, fault.commands) as here:
        token = await platform.sign_in()
        async with Sessions(here.stack.ingest_url, token) as sessions:
            voices = [
                await _prepare(here, sessions, talk, token, fault, beside=fault.of_one_talk and number > 0)
                for number, talk in enumerate(talks)
            ]
            try:
                await _give(here, voices, fault, after_s, moments)
            finally:
                for voice in voices:
                    with contextlib.suppress(ApiError):
                        await sessions.end(voice.session)
        for voice in voices:
            _write_down(folder, voice)
        await _collect(platform, {voice.session for voice in voices}, folder)
        if fault.harms and not here.harmed:
            raise Harmless("it did no harm that was seen")
        here.prove()
    return Given(moments, tuple(voice.session for voice in voices), tuple(here.ran))


async def _prepare(here: Scene, sessions: Sessions, talk: Talk, token: str, fault: Fault, *, beside: bool) -> _Voices:
    """beside: past everything that the fault harms at the clients' side."""
    session = (await sessions.create(talk.recording.stem, "en")).session_id
    samples = np.resize(await asyncio.to_thread(read_floor_audio, talk.recording), int(talk.seconds * SAMPLE_RATE))
    troubles: list[str] = []
    limit = KEPT_FRAMES if fault.kept_s is None or beside else int(fault.kept_s * SAMPLE_RATE / FRAME_SAMPLES)
    watch = Wristwatch() if beside else here.watch
    speak_url = socket_url(here.stack.ingest_url, "/speak") if beside else here.speak_url
    listen_url = socket_url(here.stack.notifier_url, "/listen") if beside else here.listen_url

    def make_speaker(died: NotedUplink | None, from_s: float) -> Speaker:
        floor = _by(watch, play_as_captured(samples[int(from_s * SAMPLE_RATE) :]))
        made = Speaker(speak_url, session, token, floor, report=troubles.append)
        made._uplink = NotedUplink(limit=limit, session=session, watch=watch, died=died)
        return made

    listeners = [
        NotedListener(name, listen_url, session, language, hear=hear, report=troubles.append)
        for name, language, hear in (
            *((f"{language} listener", language, True) for language in talk.hear),
            *((f"{language} reader", language, False) for language in talk.read),
        )
    ]
    return _Voices(session, make_speaker, listeners, talk, troubles)


async def _by(watch: Wristwatch, floor: AsyncGenerator[Captured, None]) -> AsyncGenerator[Captured, None]:
    """Frames with the times of this watch."""
    async with contextlib.aclosing(floor):
        async for captured in floor:
            watch.told += watch.ahead_ms != 0
            yield Captured(captured.first_sample, captured.captured_at_ms + watch.ahead_ms, captured.pcm)


async def _give(here: Scene, voices: Sequence[_Voices], fault: Fault, after_s: float, moments: Moments) -> None:
    listening = [asyncio.create_task(_run(one, voice)) for voice in voices for one in voice.listeners]
    joined = [one.joined.wait() for voice in voices for one in voice.listeners]
    async with asyncio.timeout(_JOIN_S):
        await asyncio.gather(*joined)
    here.in_word = voices[0].in_word

    concerned = voices[:1] if fault.of_one_talk else voices

    def crash() -> None:
        for voice in concerned:
            voice.crash()
            here.seen += 1

    def revive() -> None:
        for voice in concerned:
            voice.speak()

    here.crash_speakers, here.revive_speakers = crash, revive
    for voice in voices:
        voice.speak()
    try:
        await asyncio.sleep(after_s)
        moments.injected_at_ms = now_ms()
        await fault.happen(here)
        moments.over_at_ms = now_ms()
        await asyncio.wait([voice.speaking for voice in voices if voice.speaking], timeout=_NEVER_S)
        await asyncio.wait(listening, timeout=_FINISH_S)
    finally:
        tasks = [*listening, *(voice.speaking for voice in voices if voice.speaking)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(client: Speaker | NotedListener, voice: _Voices) -> None:
    try:
        await client.run()
    except (GaveUp, Refused) as fault:
        voice.troubles.append(f"{type(fault).__name__}: {fault}")


def _write_down(folder: Path, voice: _Voices) -> None:
    seen: list[AnyLine] = [line for uplink in voice.uplinks for line in uplink.lines]
    said = [Reported(session=voice.session, text=trouble) for trouble in voice.troubles]
    write(folder / "speakers.jsonl", [*voice.words, *seen, *said])
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
