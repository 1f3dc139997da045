"""What can be heard of a clip."""

import io

import numpy as np
import pytest
import soundfile

from tests.faults.auditor.sound import sound

RATE = 16_000


def clip(*loudness: float) -> bytes:
    """Half a second of noise of each loudness, RMS of full scale."""
    noise = np.random.default_rng(0).normal(size=RATE // 2)
    content = io.BytesIO()
    soundfile.write(content, np.concatenate([loud * noise for loud in loudness]), RATE, format="WAV", subtype="PCM_16")
    return content.getvalue()


def test_silence_can_not_be_heard() -> None:
    assert sound(clip(0.0)).sounding_ms == sound(clip(0.0005)).sounding_ms == 0


def test_so_much_can_be_heard_as_is_loud() -> None:
    heard = sound(clip(0.1, 0.0, 0.1))
    assert (heard.sounding_ms, heard.duration_ms) == pytest.approx((1000, 1500))
    assert len(heard.samples) == 2 * 1.5 * RATE


def test_what_is_no_sound_lasts_for_no_time() -> None:
    assert sound(b"<Error/>").duration_ms == 0
