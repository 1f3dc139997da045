"""The exact length of a clip, read off its container: what a player plays of it. Pure."""

import struct

_MP3_RATES = {0b11: (44_100, 48_000, 32_000), 0b10: (22_050, 24_000, 16_000), 0b00: (11_025, 12_000, 8_000)}
"""Samples per second, by MPEG version: 1, 2, 2.5."""
_MP3_KBPS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By whether it is MPEG version 1."""
_MP3_DELAY = 1105
"""Samples that encoder and decoder add in front, where no tag says so: 576 and 529. Players skip as many."""
_MONO = 0b11
_TAG_FIELDS = ((0b0001, 4), (0b0010, 4), (0b0100, 100), (0b1000, 4))
"""What the tag's flags say is there, and its bytes."""
_LAME_DELAYS = 21
"""Where in the encoder's part of the tag its delay and padding are."""
_OPUS_RATE = 48_000
_OGG_HEADER = 27
"""Bytes of a page before its list of segments."""


def mp3_ms(audio: bytes) -> float:
    """Raises ValueError where there is no frame of MPEG layer III."""
    at = _after_id3(audio)
    samples, rate, added = 0, 0, _MP3_DELAY
    while (frame := _mp3_frame(audio, at)) is not None:
        size, frame_samples, rate, tag_at = frame
        if samples == 0 and audio[tag_at : tag_at + 4] in (b"Info", b"Xing"):
            added = _lame_added(audio, tag_at)
        else:
            samples += frame_samples
        at += size
    if not rate:
        raise ValueError("no MP3")
    return 1000 * max(0, samples - added) / rate


def _after_id3(audio: bytes) -> int:
    if audio[:3] != b"ID3" or len(audio) < 10:
        return 0
    size = 0
    for byte in audio[6:10]:
        size = size << 7 | byte
    return 10 + size


def _mp3_frame(audio: bytes, at: int) -> tuple[int, int, int, int] | None:
    """Bytes, samples, samples per second of the frame that begins there, and where a tag would be; None: none does."""
    header = audio[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] >> 5 != 0b111 or header[1] >> 1 & 0b11 != 0b01:
        return None
    version, bitrate, rate_index = header[1] >> 3 & 0b11, header[2] >> 4, header[2] >> 2 & 0b11
    if version not in _MP3_RATES or bitrate in (0, 15) or rate_index == 3:
        return None
    first = version == 0b11
    rate = _MP3_RATES[version][rate_index]
    samples = 1152 if first else 576
    size = samples // 8 * _MP3_KBPS[first][bitrate] * 1000 // rate + (header[2] >> 1 & 1)
    mono = header[3] >> 6 == _MONO
    side = (17 if mono else 32) if first else (9 if mono else 17)
    return size, samples, rate, at + 4 + side


def _lame_added(audio: bytes, tag_at: int) -> int:
    """Samples before and after the sound, as the encoder's tag has them; decoders that read it leave them out."""
    flags = int.from_bytes(audio[tag_at + 4 : tag_at + 8], "big")
    delays_at = tag_at + 8 + sum(size for bit, size in _TAG_FIELDS if flags & bit) + _LAME_DELAYS
    packed = int.from_bytes(audio[delays_at : delays_at + 3], "big")
    return (packed >> 12) + (packed & 0xFFF)


def ogg_opus_ms(audio: bytes) -> float:
    """Raises ValueError where it isn't one logical stream of Opus with a last page."""
    at, last, skip, ended = 0, 0, None, False
    while audio[at : at + 4] == b"OggS" and len(audio) >= at + _OGG_HEADER:
        flags, granule = struct.unpack_from("<xBq", audio, at + 4)
        segments = audio[at + _OGG_HEADER - 1]
        body = at + _OGG_HEADER + segments
        if skip is None and audio[body : body + 8] == b"OpusHead":
            skip = int.from_bytes(audio[body + 10 : body + 12], "little")
        last = max(last, granule)
        ended = bool(flags & 0b100)
        at = body + sum(audio[at + _OGG_HEADER : body])
    if skip is None or not ended or at > len(audio):
        raise ValueError("no Ogg Opus, or not all of it")
    return 1000 * max(0, last - skip) / _OPUS_RATE
