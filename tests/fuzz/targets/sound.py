"""Sound as engines and files give it."""

import contextlib
import io
import math
import struct

import numpy as np
import soundfile

from services.cli.clients.audio import UnreadableAudio, read, to_int16
from services.translator.aws.duration import mp3_ms, ogg_opus_ms
from tests.fuzz.target import Target


def mp3_length(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        length_ms = mp3_ms(data)
        assert 0 <= length_ms <= 1000 * 1152 / 8_000 * (len(data) + 1)


def ogg_length(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        length_ms = ogg_opus_ms(data)
        assert length_ms >= 0
        assert math.isfinite(length_ms)


def recordings(data: bytes) -> None:
    """A file as ``dragoman speak`` reads one, or a clip as ``dragoman listen`` does."""
    with contextlib.suppress(UnreadableAudio):
        sound, rate = read(data)
        to_int16(sound)
        assert 4_000 <= rate <= 384_000


def _file(kind: str, rate: int, channels: int = 1) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros((64, channels), np.float32), rate, format=kind)
    return file.getvalue()


def _page(flags: int, granule: int, body: bytes) -> bytes:
    return b"OggS\0" + struct.pack("<BqIIIB", flags, granule, 1, 0, 0, 1) + bytes([len(body)]) + body


_MP3 = (b"\xff\xf3\x44\xc4" + bytes(140)) * 4
_OPUS = _page(2, 0, b"OpusHead\1\1" + struct.pack("<HIHB", 312, 48_000, 0, 0)) + _page(4, 48_000, bytes(40))

TARGETS = (
    Target("mp3-length", mp3_length, (_MP3, b"ID3\4\0\0\0\0\0\5" + bytes(5) + _MP3, _MP3[:20] + b"Info" + _MP3)),
    Target("ogg-length", ogg_length, (_OPUS, _OPUS[:-5], _OPUS + _OPUS)),
    Target(
        "recordings",
        recordings,
        (_file("WAV", 16_000), _file("WAV", 44_100, 2), _file("FLAC", 24_000), _file("OGG", 48_000)),
    ),
)
