"""From an engine's samples to a clip."""

import io

import numpy as np
import pytest
import soundfile

from services.common.errors import EngineRejected
from services.translator.local.sound import Samples, clip, from_s16, levelled, trimmed

RATE = 16_000


def tone(seconds: float, peak: float) -> Samples:
    at = np.arange(int(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * 440 * at)).astype(np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


def test_silence_goes_and_a_faint_click_at_the_end_with_it() -> None:
    samples = np.concatenate([quiet(0.3), tone(1.0, 0.8), quiet(0.5), tone(0.01, 0.008), quiet(0.2)])
    assert len(trimmed(samples, RATE)) / RATE == pytest.approx(1.0, abs=0.1)


def test_pauses_inside_stay() -> None:
    samples = np.concatenate([tone(0.5, 0.5), quiet(0.6), tone(0.5, 0.5)])
    assert len(trimmed(samples, RATE)) >= len(samples)


@pytest.mark.parametrize("peak", [0.02, 0.3, 1.0])
def test_every_voice_is_as_loud(peak: float) -> None:
    level = levelled(tone(1.0, peak))
    assert 20 * np.log10(np.sqrt(np.mean(level**2))) == pytest.approx(-20, abs=0.5)


def test_no_peak_is_cut() -> None:
    spiky = tone(1.0, 0.01)
    spiky[100] = 1.0
    assert np.max(np.abs(levelled(spiky))) <= 10 ** (-1 / 20) + 1e-6


def test_the_length_is_that_of_the_samples() -> None:
    made = clip(tone(1.0, 0.5), RATE)
    samples, rate = soundfile.read(io.BytesIO(made.audio))
    assert made.duration_ms == 1000 * len(samples) / rate


@pytest.mark.parametrize("samples", [quiet(1.0), quiet(0)])
def test_no_sound_is_no_clip(samples: Samples) -> None:
    with pytest.raises(EngineRejected):
        clip(samples, RATE)


def test_samples_are_scaled_to_one() -> None:
    assert from_s16(b"\x00\x80\x00\x40").tolist() == [-1.0, 0.5]
