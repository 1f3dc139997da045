"""Lengths read off containers, against the samples that went in."""

import io

import numpy as np
import pytest
import soundfile

from services.translator.aws.duration import mp3_ms, ogg_opus_ms

MONO, STEREO = 1, 2


def encoded(samples: int, rate: int, channels: int, kind: tuple[str, str]) -> bytes:
    tone = 0.2 * np.sin(np.arange(samples) / 10)
    file = io.BytesIO()
    soundfile.write(file, np.stack([tone] * channels, axis=1), rate, format=kind[0], subtype=kind[1])
    return file.getvalue()


@pytest.mark.parametrize("channels", [MONO, STEREO])
@pytest.mark.parametrize("rate", [44_100, 48_000, 24_000, 22_050, 16_000, 8_000])
@pytest.mark.parametrize("samples", [1, 575, 24_000, 100_001])
def test_tagged_mp3_is_as_long_as_its_sound(samples: int, rate: int, channels: int) -> None:
    audio = encoded(samples, rate, channels, ("MP3", "MPEG_LAYER_III"))
    assert mp3_ms(audio) == pytest.approx(1000 * samples / rate, abs=1e-6)


def test_mp3_without_the_encoder_s_tag_is_as_long_as_what_is_left_after_its_delay() -> None:
    audio = encoded(24_000, 24_000, MONO, ("MP3", "MPEG_LAYER_III"))
    untagged = audio[audio.index(audio[:2], 1) :]
    assert 1000 <= mp3_ms(untagged) < 1000 + 1000 * 2 * 576 / 24_000


def test_an_id3_tag_in_front_is_no_sound() -> None:
    audio = encoded(24_000, 24_000, MONO, ("MP3", "MPEG_LAYER_III"))
    assert mp3_ms(b"ID3\x04\x00\x00\x00\x00\x02\x01" + bytes(257) + audio) == mp3_ms(audio)


@pytest.mark.parametrize("samples", [1, 960, 48_000, 200_001])
def test_opus_is_as_long_as_its_sound(samples: int) -> None:
    assert ogg_opus_ms(encoded(samples, 48_000, MONO, ("OGG", "OPUS"))) == pytest.approx(samples / 48, abs=1e-6)


@pytest.mark.parametrize("audio", [b"", b"\xff", b"no audio at all", bytes(100), b"OggS"])
def test_what_is_no_audio_is_told(audio: bytes) -> None:
    with pytest.raises(ValueError, match="no MP3"):
        mp3_ms(audio)
    with pytest.raises(ValueError, match="no Ogg Opus"):
        ogg_opus_ms(audio)


@pytest.mark.parametrize("kept", [40, 500, -1])
def test_opus_that_was_cut_off_is_told(kept: int) -> None:
    audio = encoded(48_000, 48_000, MONO, ("OGG", "OPUS"))
    with pytest.raises(ValueError, match="not all of it"):
        ogg_opus_ms(audio[:kept])
