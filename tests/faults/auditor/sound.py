"""What is in a clip."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile

_QUIET = 10 ** (-50 / 20)
"""RMS of full scale below which nobody hears anything: the noise of a quiet room."""
_WINDOWS_A_SECOND = 100


@dataclass(frozen=True)
class Sound:
    """Samples, two bytes each; how long they last, and how much of that can be heard."""

    samples: bytes
    duration_ms: float
    sounding_ms: float


def sound(content: bytes) -> Sound:
    """Decoded; nothing where it isn't sound."""
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    except soundfile.LibsndfileError:
        return Sound(b"", 0.0, 0.0)
    size = rate // _WINDOWS_A_SECOND
    windows = samples[: len(samples) // size * size].reshape(-1, size) / 32768
    sounding = np.sqrt(np.mean(windows**2, axis=1)) > _QUIET
    return Sound(samples.tobytes(), 1000 * len(samples) / rate, 1000 * float(sounding.sum()) / _WINDOWS_A_SECOND)
