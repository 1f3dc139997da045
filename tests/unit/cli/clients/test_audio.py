"""Reading and resampling."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.cli.clients.audio import UnreadableAudio, read, read_floor_audio, resample, write_wav


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 16_000), (8_000, 16_000), (48_000, 16_000), (16_000, 24_000)])
def test_a_tone_keeps_its_pitch_length_and_level(rate: int, wanted: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    out = resample(tone, rate, wanted)
    expected = np.sin(2 * np.pi * 440 * np.arange(wanted) / wanted)
    assert abs(out.size - wanted) <= 1
    inner = slice(500, wanted - 500)
    assert np.max(np.abs(out[inner] - expected[inner])) < 0.01


def test_what_lies_above_the_new_band_is_taken_out() -> None:
    tone = np.sin(2 * np.pi * 15_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.max(np.abs(resample(tone, 48_000, 16_000)[500:-500])) < 0.01


def test_a_recording_at_another_rate_becomes_floor_audio(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.full(44_100, 0.5, np.float32), 44_100)
    samples = read_floor_audio(tmp_path / "a.wav")
    assert samples.dtype == np.int16
    assert samples.size == 16_000
    assert samples[8_000] == pytest.approx(16_384, abs=20)


def test_a_file_that_is_not_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_text("no")
    with pytest.raises(UnreadableAudio):
        read_floor_audio(tmp_path / "a.flac")


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(0, np.float32), 16_000)
    with pytest.raises(UnreadableAudio, match="no sound"):
        read_floor_audio(tmp_path / "a.wav")


def test_a_rate_that_nothing_is_recorded_at_is_refused(tmp_path: Path) -> None:
    """The filter to resample it would fill the memory."""
    write_wav(tmp_path / "a.wav", np.zeros(16, np.float32), 16_000)
    file = bytearray((tmp_path / "a.wav").read_bytes())
    for rate in (1, 45_000_001):
        file[24:28] = rate.to_bytes(4, "little")
        with pytest.raises(UnreadableAudio, match="samples a second"):
            read(bytes(file))


def test_a_length_that_only_the_header_claims_is_not_taken_at_its_word() -> None:
    """It would be more than any memory."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(4_800, np.float32), 48_000, format="FLAC")
    claiming = bytearray(file.getvalue())
    claiming[21] |= 0x0F  # with the next four bytes the number of samples
    claiming[22:26] = b"\xff" * 4
    with pytest.raises(UnreadableAudio):
        read(bytes(claiming))


def test_sound_without_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(100))
    with pytest.raises(UnreadableAudio):
        read(tmp_path / "a.raw")
