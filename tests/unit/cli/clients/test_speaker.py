"""The speaker's client against a small ingest of its own protocol, over a real socket."""

import asyncio
import contextlib
import itertools
import json
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve

from services.cli.clients.connection import Refused
from services.cli.clients.microphone import FRAME_SAMPLES, Captured, NoMicrophone, play_as_captured, record
from services.cli.clients.speaker import Answer, Speaker
from services.cli.clients.uplink import KEPT_FRAMES, Uplink
from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, State
from services.common.frames import unpack
from services.ingest.settings import IngestSettings

Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def ingest(handler: Handler) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/speak"


async def floor(frames: int) -> AsyncGenerator[Captured, None]:
    for number in range(frames):
        yield Captured(number * FRAME_SAMPLES, 1_000.0 + number * 96, struct.pack("<h", number) * FRAME_SAMPLES)


STATES = {"pause": "paused", "mute": "muted", "resume": "live"}


class Kept:
    """What an ingest that loses its connections received."""

    def __init__(
        self,
        drop_after: tuple[int, ...] = (),
        acknowledge: bool = True,
        *,
        next_seq: int = 0,
        next_sample: int = 0,
        state: str = "live",
        meanwhile: dict[str, str] | None = None,
        drop_at: str = "",
    ) -> None:
        """drop_after: so many frames, once for each number; drop_at: a control that doesn't arrive, once.

        next_seq, next_sample, state: of the floor, where the session was spoken in before. meanwhile: what became of
        such a state while a speaker was away.
        """
        self.controls: list[str] = []
        self.seqs: list[int] = []
        self.samples: list[int] = []
        self.dropped: list[int] = []
        """Sequence numbers of what came while nothing was to be heard."""
        self.starts: list[dict[str, object]] = []
        self.state = state
        self.ended = False
        self._next_seq = next_seq
        self._next_sample = next_sample
        self._drops = list(drop_after)
        self._drop_at = drop_at
        self._acknowledge = acknowledge
        self._meanwhile = meanwhile or {}

    async def __call__(self, socket: ServerConnection) -> None:
        if self.starts:
            self.state = self._meanwhile.get(self.state, self.state)
        self.starts.append(json.loads(await socket.recv()))
        ready = {"type": "ready", "next_seq": self._next_seq, "next_sample": self._next_sample, "state": self.state}
        await socket.send(json.dumps(ready))
        drop = self._drops.pop(0) if self._drops else None
        async for message in socket:
            if isinstance(message, str):
                control = json.loads(message)["type"]
                if control == self._drop_at:
                    self._drop_at = ""
                    socket.transport.abort()
                    return
                self.controls.append(control)
                if control in STATES:
                    self.state = STATES[control]
                    await socket.send(json.dumps({"type": "state", "state": self.state}))
                if control != "end":
                    continue
                self.ended = True
                await socket.close(1000)
                return
            frame = unpack(message)
            assert frame.seq == self._next_seq
            assert frame.first_sample >= self._next_sample
            self._next_seq, self._next_sample = frame.seq + 1, frame.first_sample + frame.samples
            if self.state == "live":
                self.seqs.append(frame.seq)
                self.samples.append(frame.first_sample)
            else:
                self.dropped.append(frame.seq)
            if drop is not None and len(self.seqs) >= drop:
                socket.transport.abort()
                return
            if self._acknowledge:
                await socket.send(json.dumps({"type": "ack", "seq": frame.seq}))


async def test_a_talk_arrives_whole_and_ends() -> None:
    kept = Kept()
    async with ingest(kept) as url:
        await Speaker(url, "s", "secret", floor(20)).run()
    assert kept.seqs == list(range(20))
    assert kept.ended
    assert kept.starts[0] == {"type": "start", "token": "secret", "session": "s", "next_seq": 0}


async def test_frames_that_were_not_acknowledged_are_sent_again_after_a_lost_connection() -> None:
    kept = Kept(drop_after=(5, 9))
    async with ingest(kept) as url:
        speaker = Speaker(url, "s", "secret", floor(20))
        await speaker.run()
    assert kept.seqs == list(range(20))
    assert speaker.reconnects == 2


async def test_who_is_let_in_and_cut_off_again_and_again_waits_longer_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Iterator[float]] = []

    def waits() -> Iterator[float]:
        begun.append(itertools.repeat(0.0))
        return begun[-1]

    monkeypatch.setattr("services.cli.clients.connection.waits", waits)
    async with ingest(Kept(drop_after=(1, 2, 3))) as url:
        speaker = Speaker(url, "s", "secret", floor(5))
        await speaker.run()
    assert speaker.reconnects == 3
    assert len(begun) == 1


async def test_a_talk_goes_on_when_a_connection_is_lost_that_had_stood_for_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, now_s = Kept(drop_after=(5,)), [0.0]
    monkeypatch.setattr("services.cli.clients.connection.monotonic", lambda: now_s[0])

    async def an_hour(socket: ServerConnection) -> None:
        await kept(socket)
        now_s[0] += 3_600

    async with ingest(an_hour) as url:
        await Speaker(url, "s", "secret", floor(20)).run()
    assert kept.seqs == list(range(20))


async def test_a_new_talk_goes_on_where_the_sessions_floor_stands() -> None:
    kept = Kept(next_seq=40, next_sample=100_000, drop_after=(3,))
    async with ingest(kept) as url:
        await Speaker(url, "s", "secret", floor(6)).run()
    assert kept.starts[0]["next_seq"] == 0
    assert kept.seqs == list(range(40, 46))
    assert kept.samples == [100_000 + number * FRAME_SAMPLES for number in range(6)]


async def test_who_speaks_into_a_paused_session_resumes_it() -> None:
    kept, told = Kept(next_seq=7, state="paused"), list[str]()
    async with ingest(kept) as url:
        await Speaker(url, "s", "secret", floor(2), report=told.append).run()
    assert kept.controls == ["resume", "end"]
    assert told == ["the session was paused; it goes on", "now live"]


async def test_a_session_that_was_paused_while_its_speaker_was_away_goes_on_before_what_was_kept() -> None:
    kept, told = Kept(drop_after=(5,), meanwhile={"live": "paused"}), list[str]()
    async with ingest(kept) as url:
        await Speaker(url, "s", "secret", floor(20), report=told.append).run()
    assert (kept.seqs, kept.dropped) == (list(range(20)), [])
    assert kept.controls == ["resume", "end"]
    assert "the session was paused; it goes on" in told


class Microphone:
    """Gives frames when the test says so, until it is closed."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[Captured | None] = asyncio.Queue()
        self._captured = 0

    def hear(self, frames: int) -> None:
        for number in range(self._captured, self._captured + frames):
            self._frames.put_nowait(Captured(number * FRAME_SAMPLES, 1_000.0 + number * 96, bytes(2 * FRAME_SAMPLES)))
        self._captured += frames

    def close(self) -> None:
        self._frames.put_nowait(None)

    async def taken(self) -> None:
        while not self._frames.empty():  # noqa: ASYNC110 (a queue whose items are taken sets no event)
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def floor(self) -> AsyncGenerator[Captured, None]:
        while (captured := await self._frames.get()) is not None:
            yield captured


async def test_a_pause_without_a_connection_comes_after_what_was_said_and_nothing_said_in_it_is_sent() -> None:
    kept, microphone = Kept(), Microphone()
    connected = asyncio.Event()

    async def later(socket: ServerConnection) -> None:
        await connected.wait()
        await kept(socket)

    async with ingest(later) as url, asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        paused, live = asyncio.Event(), asyncio.Event()
        events = {"now paused": paused, "now live": live}
        speaker = Speaker(url, "s", "x", microphone.floor(), report=lambda line: events[line].set())
        running = tasks.create_task(speaker.run())
        microphone.hear(3)
        await microphone.taken()
        speaker.toggle(State.PAUSED)
        microphone.hear(5)
        await microphone.taken()
        connected.set()
        await paused.wait()
        assert (kept.seqs, kept.dropped, kept.controls) == ([0, 1, 2], [], ["pause"])
        speaker.toggle(State.PAUSED)
        microphone.hear(2)
        await live.wait()
        microphone.close()
        await running
    assert (kept.seqs, kept.dropped) == ([0, 1, 2, 3, 4], [])
    assert kept.samples == [number * FRAME_SAMPLES for number in range(5)]
    assert kept.controls == ["pause", "resume", "end"]


async def test_a_pause_that_was_lost_with_its_connection_is_asked_for_again() -> None:
    kept, microphone, paused = Kept(drop_at="pause"), Microphone(), asyncio.Event()

    def told(line: str) -> None:
        if line == "now paused":
            paused.set()

    async with ingest(kept) as url, asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        speaker = Speaker(url, "s", "x", microphone.floor(), report=told)
        running = tasks.create_task(speaker.run())
        microphone.hear(2)
        await microphone.taken()
        speaker.toggle(State.PAUSED)
        await paused.wait()
        microphone.close()
        await running
    assert (kept.seqs, kept.controls) == ([0, 1], ["pause", "end"])


async def test_who_was_paused_elsewhere_is_heard_again_once_the_session_goes_on() -> None:
    microphone, told, heard = Microphone(), asyncio.Queue[str](), list[int]()

    async def elsewhere(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(json.dumps({"type": "ready", "next_seq": 0, "next_sample": 0, "state": "live"}))
        for state in ("paused", "live"):
            await socket.send(json.dumps({"type": "state", "state": state}))
            assert await told.get() == f"now {state}"
            microphone.hear(2)
            await microphone.taken()
        while isinstance(message := await socket.recv(), bytes):
            heard.append(unpack(message).first_sample)
            await socket.send(json.dumps({"type": "ack", "seq": unpack(message).seq}))
            microphone.close()
        assert json.loads(message) == {"type": "end"}
        await socket.close(1000)

    async with ingest(elsewhere) as url, asyncio.timeout(10):
        await Speaker(url, "s", "x", microphone.floor(), report=told.put_nowait).run()
    assert heard == [0, FRAME_SAMPLES]


class Ingest:
    """Its end of a speaker's socket."""

    def __init__(self) -> None:
        self.state: str = State.LIVE
        self.heard: list[int] = []
        self.next_seq = 0
        self.connected = False
        self.breaks = False
        """With the message after the next."""

    async def send(self, message: str | bytes) -> None:
        if not self.connected:
            raise ConnectionError
        self.connected = not self.breaks
        if isinstance(message, str):
            self.state = STATES[json.loads(message)["type"]]
            return
        frame = unpack(message)
        assert frame.seq == self.next_seq
        self.next_seq += 1
        if self.state == "live":
            self.heard.append(int.from_bytes(frame.pcm, "little"))


STEPS = ["say", "say", "pause", "mute", "send", "send, and break", "come back", "come back, paused meanwhile"]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(STEPS), max_size=40))
def test_all_that_is_said_is_heard_and_nothing_of_a_pause_wherever_the_connection_breaks(steps: list[str]) -> None:
    ingest, said = Ingest(), list[int]()
    speaker = Speaker("", "", "", floor(0))
    socket = cast(ClientConnection, ingest)

    async def step(number: int, what: str) -> None:
        match what:
            case "say":
                speaker._take(Captured(number, 0.0, number.to_bytes(2, "little")))
                said.extend([number] if speaker.wanted is State.LIVE else [])
            case "pause":
                speaker.toggle(State.PAUSED)
            case "mute":
                speaker.toggle(State.MUTED)
            case "come back" | "come back, paused meanwhile":
                ingest.state = ingest.state if what == "come back" else State.PAUSED
                ingest.connected, ingest.breaks = True, False
                speaker._begin(Answer("ready", next_seq=ingest.next_seq, state=ingest.state))
            case _:
                ingest.breaks = what != "send"
                with contextlib.suppress(ConnectionError):
                    await speaker._send(socket)

    async def talk() -> None:
        for number, what in enumerate([*steps, "come back", "send"]):
            await step(number, what)

    asyncio.run(talk())
    assert ingest.heard == said
    assert ingest.state == speaker.wanted


async def test_a_speaker_pauses_goes_on_and_ends_before_the_floor_does() -> None:
    kept, told = Kept(), list[str]()

    async def without_end() -> AsyncGenerator[Captured, None]:
        async for frame in floor(3):
            yield frame
        told.append("all said")
        await asyncio.Event().wait()

    async def until(line: str) -> None:
        while line not in told:  # noqa: ASYNC110 (a list sets no event)
            await asyncio.sleep(0.01)

    async with ingest(kept) as url, asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        speaker = Speaker(url, "s", "secret", without_end(), report=told.append)
        running = tasks.create_task(speaker.run())
        await until("all said")
        speaker.toggle(State.PAUSED)
        await until("now paused")
        speaker.toggle(State.PAUSED)
        await until("now live")
        speaker.toggle(State.MUTED)
        await until("now muted")
        speaker.finish()
        await running
    assert kept.controls == ["pause", "resume", "mute", "end"]
    assert kept.seqs == [0, 1, 2]


@pytest.mark.parametrize("code", [4400, 4401, 4403, 4404, 4409, 4410])
async def test_a_refusal_ends_the_talk_with_its_reason(code: int) -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.close(code)

    async with ingest(refuse) as url:
        with pytest.raises(Refused) as refused:
            await Speaker(url, "s", "secret", floor(3)).run()
    assert refused.value.code == code


async def test_what_was_said_before_the_microphone_failed_is_sent_and_the_session_stays_open() -> None:
    kept, told = Kept(drop_after=(3,)), list[str]()

    async def unplugged() -> AsyncGenerator[Captured, None]:
        async for frame in floor(6):
            yield frame
        raise NoMicrophone("arecord stopped")

    async with ingest(kept) as url:
        with pytest.raises(NoMicrophone, match="arecord stopped"):
            await Speaker(url, "s", "secret", unplugged(), report=told.append).run()
    assert kept.seqs == list(range(6))
    assert not kept.ended
    assert told[0] == "arecord stopped; what was said before is still sent"


async def test_a_microphone_that_fails_before_anything_was_said_is_told_of_though_there_is_no_connection() -> None:
    async def unplugged() -> AsyncGenerator[Captured, None]:
        async for frame in floor(0):
            yield frame
        raise NoMicrophone("arecord stopped")

    async with ingest(Kept()) as url:
        pass  # it has gone
    async with asyncio.timeout(10):
        with pytest.raises(NoMicrophone, match="arecord stopped"):
            await Speaker(url, "s", "secret", unplugged()).run()


async def test_a_session_that_is_kept_is_not_ended() -> None:
    kept = Kept()
    async with ingest(kept) as url:
        await Speaker(url, "s", "secret", floor(4), end=False).run()
    assert kept.seqs == [0, 1, 2, 3]
    assert not kept.ended


def test_what_is_captured_without_a_connection_for_too_long_is_lost_and_leaves_a_gap() -> None:
    uplink = Uplink()
    for number in range(KEPT_FRAMES + 3):
        uplink.add(Captured(number * FRAME_SAMPLES, 0.0, b"\0\0"))
    uplink.acknowledge(KEPT_FRAMES - 1)
    uplink.add(Captured((KEPT_FRAMES + 3) * FRAME_SAMPLES, 0.0, b"\0\0"))
    assert uplink.lost_frames == 3
    frame = uplink.after(0)
    assert frame is not None
    assert (frame.seq, frame.first_sample) == (KEPT_FRAMES, (KEPT_FRAMES + 3) * FRAME_SAMPLES)


def test_ingest_takes_at_once_all_that_a_client_keeps() -> None:
    (burst_s,) = (one.default for one in msgspec.structs.fields(IngestSettings) if one.name == "audio_burst_s")
    assert burst_s > KEPT_FRAMES * FRAME_SAMPLES / SAMPLE_RATE > 120


async def test_a_recording_is_played_at_real_pace_whatever_the_reader_does() -> None:
    recording = np.arange(FRAME_SAMPLES * 4 + 100, dtype=np.int16)
    begin = now_ms()
    captured = []
    async for frame in play_as_captured(recording, start_at_ms=begin):
        captured.append(frame)
        await asyncio.sleep(0.05)
        assert now_ms() >= frame.captured_at_ms
    assert b"".join(frame.pcm for frame in captured) == recording.tobytes()
    assert [frame.first_sample for frame in captured] == [number * FRAME_SAMPLES for number in range(5)]
    assert captured[-1].captured_at_ms == pytest.approx(begin + recording.size / 16, abs=0.01)
    assert now_ms() - captured[-1].captured_at_ms < 250


async def test_a_looped_recording_has_no_seam() -> None:
    recording = np.arange(FRAME_SAMPLES + 500, dtype=np.int16)
    taken: list[bytes] = []
    async for frame in play_as_captured(recording, loop=True, start_at_ms=now_ms() - 10_000):
        taken.append(frame.pcm)
        if len(taken) == 4:
            break
    assert b"".join(taken) == np.resize(recording, 4 * FRAME_SAMPLES).tobytes()


def recorder(folder: Path, script: str) -> None:
    (folder / "arecord").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "arecord").chmod(0o755)


async def test_a_microphone_is_read_in_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder(tmp_path, "/usr/bin/head -c 10000 /dev/zero")
    monkeypatch.setenv("PATH", str(tmp_path))
    captured: list[Captured] = []

    async def listen() -> None:
        async for frame in record():
            captured.append(frame)

    with pytest.raises(NoMicrophone, match="arecord stopped"):
        await listen()
    assert [(frame.first_sample, len(frame.pcm)) for frame in captured] == [
        (number * FRAME_SAMPLES, 2 * FRAME_SAMPLES) for number in range(3)
    ]


async def test_a_recorder_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder(tmp_path, "echo no such device >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoMicrophone, match="no such device"):
        await anext(record())


def test_without_a_recorder_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoMicrophone, match="install arecord"):
        record()
