"""The speaker's client against a small ingest of its own protocol, over a real socket."""

import asyncio
import itertools
import json
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from services.cli.clients.connection import Refused
from services.cli.clients.microphone import FRAME_SAMPLES, Captured, NoMicrophone, play_as_captured, record
from services.cli.clients.speaker import KEPT_FRAMES, Speaker, Uplink
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
    ) -> None:
        """next_seq, next_sample, state: of the floor, where the session was spoken in before."""
        self.controls: list[str] = []
        self._ready = {"type": "ready", "next_seq": next_seq, "next_sample": next_sample, "state": state}
        self.seqs: list[int] = []
        self.samples: list[int] = []
        self.starts: list[dict[str, object]] = []
        self.ended = False
        self._drops = list(drop_after)
        self._acknowledge = acknowledge

    async def __call__(self, socket: ServerConnection) -> None:
        self.starts.append(json.loads(await socket.recv()))
        if self.seqs:
            self._ready |= {"next_seq": self.seqs[-1] + 1, "next_sample": self.samples[-1] + FRAME_SAMPLES}
        await socket.send(json.dumps(self._ready))
        drop = self._drops.pop(0) if self._drops else None
        async for message in socket:
            if isinstance(message, str):
                self.controls.append(json.loads(message)["type"])
                if self.controls[-1] in STATES:
                    await socket.send(json.dumps({"type": "state", "state": STATES[self.controls[-1]]}))
                if self.controls[-1] != "end":
                    continue
                self.ended = True
                await socket.close(1000)
                return
            frame = unpack(message)
            self.seqs.append(frame.seq)
            self.samples.append(frame.first_sample)
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


async def test_a_speaker_pauses_goes_on_and_ends_before_the_floor_does() -> None:
    kept, told = Kept(), list[str]()

    async def without_end() -> AsyncGenerator[Captured, None]:
        async for frame in floor(3):
            yield frame
        await asyncio.Event().wait()

    async def until(line: str) -> None:
        while line not in told:  # noqa: ASYNC110 (a list sets no event)
            await asyncio.sleep(0.01)

    async with ingest(kept) as url, asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        speaker = Speaker(url, "s", "secret", without_end(), report=told.append)
        running = tasks.create_task(speaker.run())
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
