"""Reading, resampling and writing sound: everything in memory, mono."""

import io
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from services.cli.errors import CliError
from services.common.contracts import SAMPLE_RATE

Sound = NDArray[np.float32]
"""Mono samples in -1..1."""

_HALF_WIDTH = 16
"""Zero crossings of the resampling filter on each side."""
_BLOCK = 32_768


class UnreadableAudio(CliError):
    """A file that isn't sound, or holds none."""


def read(source: Path | bytes) -> tuple[Sound, int]:
    """Samples (channels averaged) and their rate in Hz. FLAC, WAV, OGG, MP3. Raises UnreadableAudio."""
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        samples, rate = soundfile.read(opened, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as fault:
        raise UnreadableAudio(str(fault)) from fault
    return samples.mean(axis=1, dtype=np.float32), int(rate)


def read_floor_audio(path: Path) -> NDArray[np.int16]:
    """A recording as a microphone would give it: 16 kHz, 16 bit. Raises UnreadableAudio."""
    sound, rate = read(path)
    if not sound.size:
        raise UnreadableAudio(f"{path} holds no sound")
    return to_int16(resample(sound, rate, SAMPLE_RATE))


def duration_s(path: Path) -> float:
    """Seconds of a file, without reading it. Raises UnreadableAudio."""
    try:
        return float(soundfile.info(path).duration)
    except (soundfile.LibsndfileError, OSError) as fault:
        raise UnreadableAudio(str(fault)) from fault


def to_int16(sound: Sound) -> NDArray[np.int16]:
    """Rounded and clipped."""
    return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)


def write_wav(path: Path, sound: Sound, rate: int) -> None:
    """Write 16-bit mono."""
    soundfile.write(path, to_int16(sound), rate, subtype="PCM_16")


def resample(sound: Sound, rate: int, wanted: int) -> Sound:
    """Polyphase windowed-sinc resampling; as long as before to within one sample."""
    if rate == wanted or not sound.size:
        return sound
    common = gcd(rate, wanted)
    up, down = wanted // common, rate // common
    taps = _polyphase(up, min(1.0, wanted / rate))
    reach = taps.shape[1] // 2
    padded = np.pad(sound, (reach - 1, reach + 1))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps.shape[1])
    out = np.empty(sound.size * up // down, np.float32)
    for start in range(0, out.size, _BLOCK):
        places = np.arange(start, min(out.size, start + _BLOCK)) * down
        out[start : start + places.size] = np.einsum("ij,ij->i", windows[places // up], taps[places % up])
    return out


def _polyphase(phases: int, cutoff: float) -> Sound:
    """One row of taps per phase; the sample before the wanted place is the tap at ``width / 2 - 1``."""
    reach = int(np.ceil(_HALF_WIDTH / cutoff))
    offsets = np.arange(-reach + 1, reach + 1)[None, :] - (np.arange(phases) / phases)[:, None]
    taps = cutoff * np.sinc(cutoff * offsets) * np.cos(np.pi * offsets / (2 * (reach + 1))) ** 2
    normal: Sound = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    return normal
