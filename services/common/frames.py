"""The speaker's binary frame, as it is on the wire: a header, then PCM (s16le mono 16 kHz)."""

import math
import struct
from dataclasses import dataclass

from services.common.contracts import SAMPLE_RATE

_HEADER = struct.Struct("<IQd")
MAX_SAMPLES = SAMPLE_RATE
"""A frame is at most one second long."""
MAX_SAMPLE = 2**53
"""Beyond this a sample's place in time is no longer exact; it is eighteen thousand years of audio."""


class MalformedFrame(ValueError):
    """Not a frame; the message says what is wrong with it."""


@dataclass(frozen=True)
class WireFrame:
    """One message of the speaker's socket."""

    seq: int
    """Counts frames from 0. It has 32 bits; a session of 12 h has some million frames."""
    first_sample: int
    captured_at_ms: float
    """Wall clock of the sender when the last sample was captured; finite, otherwise as given."""
    pcm: bytes

    @property
    def samples(self) -> int:
        return len(self.pcm) // 2


def pack(frame: WireFrame) -> bytes:
    """The message for the socket."""
    return _HEADER.pack(frame.seq, frame.first_sample, frame.captured_at_ms) + frame.pcm


def unpack(message: bytes) -> WireFrame:
    """Read a message. Raises MalformedFrame."""
    pcm_bytes = len(message) - _HEADER.size
    if pcm_bytes < 0:
        raise MalformedFrame(f"{len(message)} bytes: a frame begins with a header of {_HEADER.size}")
    if pcm_bytes == 0:
        raise MalformedFrame("a frame without samples")
    if pcm_bytes % 2:
        raise MalformedFrame(f"{pcm_bytes} bytes of PCM: a sample has two")
    if pcm_bytes > 2 * MAX_SAMPLES:
        raise MalformedFrame(f"{pcm_bytes // 2} samples: a frame has at most {MAX_SAMPLES}")
    seq, first_sample, captured_at_ms = _HEADER.unpack_from(message)
    if first_sample > MAX_SAMPLE:
        raise MalformedFrame(f"first_sample {first_sample} is out of range")
    if not math.isfinite(captured_at_ms):
        captured_at_ms = 0.0
    return WireFrame(seq, first_sample, captured_at_ms, message[_HEADER.size :])
