"""What comes over the two sockets, at both of their ends."""

import contextlib
import math
import struct

import msgspec

from services.cli.clients.notices import read_notice
from services.cli.clients.wire import TEXT, UnknownFrame, frame_from_client, frame_from_server
from services.common.frames import MAX_SAMPLES, MalformedFrame, WireFrame, pack, unpack
from services.ingest.floor import Allowance, OutOfOrder, Position, plausible_capture_ms
from services.ingest.speaker import Start
from services.ingest.talk import Control
from services.notifier.messages import Refused, read_join
from tests.fuzz.source import Source
from tests.fuzz.target import Target


def audio_frames(data: bytes) -> None:
    """Binary messages of a speaker, one after the other: each is two bytes of length, then that many."""
    source, position, allowance = Source(data), Position(), Allowance(burst_s=150.0, rate=2.0)
    next_seq = next_sample = 0
    while not source.spent:
        message = source.take(source.below(65_536))
        try:
            wire = unpack(message)
            assert 1 <= wire.samples <= MAX_SAMPLES
            new = position.accepts(wire)
        except (MalformedFrame, OutOfOrder):
            assert (position.next_seq, position.next_sample) == (next_seq, next_sample)
            continue
        assert unpack(pack(wire)) == wire
        assert -2_000 <= 1e12 - plausible_capture_ms(wire.captured_at_ms, 1e12) <= 120_000
        allowance.takes(wire.samples, 0.0)
        if new:
            assert wire.seq == next_seq
            assert wire.first_sample >= next_sample
            next_seq, next_sample = wire.seq + 1, wire.first_sample + wire.samples


def _framed(*frames: WireFrame) -> bytes:
    return b"".join(struct.pack("<H", len(message)) + message for message in map(pack, frames))


def texts_of_clients(data: bytes) -> None:
    """Text messages of a speaker and a listener. Servers get them as text already: bytes that are none never come."""
    text = data.decode("utf-8", "replace")
    for kind in (Start, Control):
        with contextlib.suppress(msgspec.DecodeError, RecursionError):  # as they are caught where they are read
            msgspec.json.decode(text, type=kind)
    with contextlib.suppress(Refused):
        join = read_join(text)
        assert join is None or (join.after is None or join.after >= -1)
        assert join is None or join.from_ms is None or math.isfinite(join.from_ms)


def notices(data: bytes) -> None:
    """What a listener's client reads."""
    with contextlib.suppress(msgspec.DecodeError):
        read_notice(data)


def websocket_frames(data: bytes) -> None:
    """What a client of a crowd reads off its socket; and what it writes is what a server understands."""
    at = 0
    with contextlib.suppress(UnknownFrame):
        while (found := frame_from_server(data, at)) is not None:
            _, begin, end = found
            assert at < begin <= end <= len(data)
            at = end
    if len(data) < 65_536:
        sent = frame_from_client(TEXT, data)
        assert sent.endswith(data)


JOIN = b'{"type":"join","session":"K7F2QXA","language":"pt","after":3,"audio":false,"from_ms":1200.5}'
START = b'{"type":"start","token":"a.b.c","session":"0123456789abcdef","next_seq":7}'
CAPTION = (
    b'{"type":"caption","language":"pt","index":0,"start_ms":0,"end_ms":900,"text":"Ol\xc3\xa1","source":"Hello",'
    b'"spoken":true,"floor_epoch_ms":1,"stages":{"translate":3.5},"sent_at_ms":2}'
)
FRAMES = _framed(*(WireFrame(seq, seq * 4, 1e12, b"\0\1" * 4) for seq in range(3)))

TARGETS = (
    Target("audio-frames", audio_frames, (FRAMES, FRAMES + FRAMES, FRAMES[:-3])),
    Target("client-texts", texts_of_clients, (JOIN, START, b'{"type":"pause"}', b"[" * 2_000)),
    Target(
        "notices", notices, (CAPTION, b'{"type":"partial","text":"a","follows":1}', b'{"type":"error"}', b"{" * 2_000)
    ),
    Target(
        "websocket-frames", websocket_frames, (b"\x81\x02{}", b"\x81\x7e\x00\x80" + b"a" * 128, b"\x88\x02\x03\xe8")
    ),
)
