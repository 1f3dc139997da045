"""From an engine's samples to a clip: silence off both ends, one loudness for all voices, FLAC."""

import io

import numpy as np
import numpy.typing as npt
import soundfile

from services.common.errors import EngineRejected
from services.translator.ports import Clip

Samples = npt.NDArray[np.float32]
"""Mono, -1 to 1."""

_SILENT = 10 ** (-37 / 20)
"""Of the clip's peak. Pico ends some clips with a faint click after half a second of nothing."""
_LEAD_S = 0.03
_TRAIL_S = 0.06
_LOUDNESS_DBFS = -20.0
_PEAK_DBFS = -1.0


def from_s16(pcm: bytes) -> Samples:
    """Little-endian 16 bit samples as floats."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def clip(samples: Samples, rate: int) -> Clip:
    """rate: samples per second. Raises EngineRejected where there is no sound at all."""
    speech = levelled(trimmed(samples, rate))
    if not len(speech):
        raise EngineRejected("the voice gave no sound")
    file = io.BytesIO()
    soundfile.write(file, speech, rate, format="FLAC", subtype="PCM_16")
    return Clip(
        audio=file.getvalue(),
        content_type="audio/flac",
        extension="flac",
        duration_ms=1000 * len(speech) / rate,
    )


def trimmed(samples: Samples, rate: int) -> Samples:
    """Without the silence at both ends, but for a moment that keeps soft consonants and the gap between clips."""
    loud = np.flatnonzero(_loud(samples))
    if not len(loud):
        return samples[:0]
    begin = max(0, int(loud[0]) - int(_LEAD_S * rate))
    return samples[begin : int(loud[-1]) + 1 + int(_TRAIL_S * rate)]


def levelled(samples: Samples) -> Samples:
    """At -20 dBFS where it is loud, without a peak above -1 dBFS."""
    loud = samples[_loud(samples)]
    if not len(loud):
        return samples
    gain = min(
        _from_db(_LOUDNESS_DBFS) / float(np.sqrt(np.mean(loud**2))),
        _from_db(_PEAK_DBFS) / float(np.max(np.abs(samples))),
    )
    return samples * np.float32(gain)


def _loud(samples: Samples) -> npt.NDArray[np.bool_]:
    level: Samples = np.abs(samples)
    loud: npt.NDArray[np.bool_] = level > _SILENT * level.max(initial=0.0)
    return loud


def _from_db(level: float) -> float:
    return float(10 ** (level / 20))
