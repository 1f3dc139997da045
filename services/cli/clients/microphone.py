"""Floor audio as it comes: from a recording at real pace, or from this machine's microphone."""

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from services.cli.errors import CliError
from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE

FRAME_SAMPLES = 1536
"""96 ms."""
_FRAME_BYTES = 2 * FRAME_SAMPLES

_RECORDERS = (
    ("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(SAMPLE_RATE)),
    ("parec", "--raw", "--format=s16le", "--channels=1", f"--rate={SAMPLE_RATE}", "--latency-msec=50"),
    tuple(f"ffmpeg -loglevel error -f alsa -i default -ac 1 -ar {SAMPLE_RATE} -f s16le -".split()),
)


class NoMicrophone(CliError):
    """No program that records, or none that works here."""


@dataclass(frozen=True)
class Captured:
    """A frame that was just captured."""

    first_sample: int
    captured_at_ms: float
    """When its last sample was captured."""
    pcm: bytes


async def play_as_captured(
    recording: NDArray[np.int16], *, loop: bool = False, start_at_ms: float | None = None
) -> AsyncGenerator[Captured, None]:
    """A recording (16 kHz) in frames of 96 ms, each at the moment a microphone would have had it.

    The schedule is absolute, so that a late frame delays none after it. loop: again and again, without a seam.
    start_at_ms: wall clock of the first sample (default: now).
    """
    begin_ms = now_ms() if start_at_ms is None else start_at_ms
    begin = time.monotonic() + (begin_ms - now_ms()) / 1000
    first = 0
    while loop or first < recording.size:
        places = np.arange(first, first + FRAME_SAMPLES)
        frame = recording[places % recording.size] if loop else recording[first : first + FRAME_SAMPLES]
        after = first + frame.size
        await asyncio.sleep(begin + after / SAMPLE_RATE - time.monotonic())
        yield Captured(first, begin_ms + after * 1000 / SAMPLE_RATE, frame.tobytes())
        first = after


def record() -> AsyncGenerator[Captured, None]:
    """This machine's microphone. Raises NoMicrophone where no recorder is installed, later where it doesn't work."""
    command = next((command for command in _RECORDERS if shutil.which(command[0])), None)
    if command is None:
        raise NoMicrophone("no recorder found: install arecord (alsa-utils), parec (pulseaudio-utils) or ffmpeg")
    return _recorded(command)


async def _recorded(command: tuple[str, ...]) -> AsyncGenerator[Captured, None]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = cast(asyncio.StreamReader, process.stdout)
    first = 0
    try:
        while True:
            pcm = await output.readexactly(_FRAME_BYTES)
            yield Captured(first, now_ms(), pcm)
            first += FRAME_SAMPLES
    except asyncio.IncompleteReadError as ended:
        said = ended.partial.decode(errors="replace").strip().splitlines()
        raise NoMicrophone(f"{command[0]} stopped: {said[-1] if said else 'no reason given'}") from ended
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
