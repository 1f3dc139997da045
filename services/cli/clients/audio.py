"""Reading, resampling and writing sound: everything in memory, mono."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
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
_RATES = range(4_000, 384_001)
"""Of all sound that there is; the resampling filter of a file that claims another would fill the memory."""


class UnreadableAudio(CliError):
    """A file that isn't sound, or holds none."""


def read(source: Path | bytes) -> tuple[Sound, int]:
    """Samples (channels averaged) and their rate in Hz. FLAC, WAV, OGG, MP3. Raises UnreadableAudio."""
    blocks = [np.zeros(0, np.float32)]
    with _opened(source) as file:
        # In pieces, since the length that a file claims may be unknown, or wrong.
        while (samples := file.read(_BLOCK, dtype="float32", always_2d=True)).size:
            blocks.append(samples.mean(axis=1, dtype=np.float32))
        return np.concatenate(blocks), int(file.samplerate)


@contextmanager
def _opened(source: Path | bytes) -> Iterator[soundfile.SoundFile]:
    """Raises UnreadableAudio, also for what is raised within."""
    try:
        with soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            if file.samplerate not in _RATES:
                raise UnreadableAudio(f"{file.samplerate} samples a second: that is no recording")
            yield file
    except (soundfile.LibsndfileError, OSError, TypeError) as fault:  # TypeError: sound without a header
        raise UnreadableAudio(str(fault)) from fault


def read_floor_audio(path: Path) -> NDArray[np.int16]:
    """A recording as a microphone would give it: 16 kHz, 16 bit. Raises UnreadableAudio."""
    sound, rate = read(path)
    if not sound.size:
        raise UnreadableAudio(f"{path} holds no sound")
    return to_int16(resample(sound, rate, SAMPLE_RATE))


def duration_s(path: Path) -> float:
    """Seconds of a file, as it claims, without reading it. Raises UnreadableAudio."""
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


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
