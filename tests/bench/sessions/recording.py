"""What the recognizer made of a talk, and when: recorded once, so that many talks can have it without its work.

``python -m tests.bench.sessions.recording``: record it anew (two minutes).
"""

import asyncio
import gzip
from pathlib import Path
from typing import Any, cast

import msgspec
import psutil

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.microphone import FRAME_SAMPLES
from services.common.contracts import SAMPLE_RATE
from services.common.engine_host import EngineHost
from services.common.home import home
from services.transcriber.local.model import ENGINE
from services.transcriber.local.recognizer import LocalRecognizer, LocalStream
from services.transcriber.local.tuning import Tuning
from services.transcriber.ports import Hypothesis
from services.transcriber.stabilizer import Stabilizer, Transcribed
from tests.e2e.talks import BABYLON

PATH = Path(__file__).with_name("babylon.hypotheses.json.gz")
_TUNING = Tuning()
_PATIENCE_S = 60.0
_TURNS, _TURN_S = 100, 0.002


class Recorded(msgspec.Struct, frozen=True):
    """A hypothesis, and how long after the last audio that it takes into account it came."""

    after_ms: float
    hypothesis: Hypothesis


class Recording(msgspec.Struct, frozen=True):
    """Of one talk, in order."""

    length_ms: float
    hypotheses: list[Recorded]


def load() -> Recording:
    """The one that is kept beside this module."""
    return msgspec.json.decode(gzip.decompress(PATH.read_bytes()), type=Recording)


async def record() -> Recording:
    """The local recognizer on a talk at real pace, by a clock of its own."""
    samples = await asyncio.to_thread(read_floor_audio, BABYLON)
    found: list[Recorded] = []
    model = str(home() / "models" / "whisper-base")
    async with EngineHost.open(ENGINE, args=(model,), workers=1, deadline_s=_PATIENCE_S) as host:
        pace = _Pace(host)
        recognizer = LocalRecognizer(cast(EngineHost, pace), _TUNING)
        async with recognizer.open("en", first_sample=0, final_words=()) as stream, asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(_listen(stream, pace, found))
            for first in range(0, samples.size, FRAME_SAMPLES):
                frame = samples[first : first + FRAME_SAMPLES]
                await pace.until((first + frame.size) * 1000 / SAMPLE_RATE)
                await stream.feed(frame.tobytes(), first)
            await stream.flush()
            stream.close()
            await listening
    return Recording(samples.size * 1000 / SAMPLE_RATE, found)


class _Pace:
    """The recognizer's engine, and the clock by which audio comes: a decode takes the CPU time that it takes.

    So the recording is that of a machine with nothing else to do, whatever else this one does.
    """

    def __init__(self, host: EngineHost) -> None:
        self._host = host
        self._decoding = False
        self._awaited_ms = 0.0
        self.now_ms = 0.0

    async def call(self, method: str, *args: Any, patience: float = 1.0) -> Any:
        """See ``EngineHost.call``."""
        self._decoding = True
        before_s = _engines_cpu_s()
        try:
            return await self._host.call(method, *args, patience=patience)
        finally:
            self.now_ms += (_engines_cpu_s() - before_s) * 1000
            for _ in range(_TURNS):  # what was said meanwhile is heard first, as far as it is taken
                if self._awaited_ms > self.now_ms:
                    break
                await asyncio.sleep(_TURN_S)
            self._decoding = False

    async def until(self, at_ms: float) -> None:
        """Return when it is that time, decodes that were to begin before included."""
        self._awaited_ms = at_ms
        await asyncio.sleep(_TURN_S)
        while self._decoding and self.now_ms < at_ms:  # noqa: ASYNC110
            await asyncio.sleep(_TURN_S)
        self.now_ms = max(self.now_ms, at_ms)


def _engines_cpu_s() -> float:
    times = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(one.user + one.system for one in times)


async def _listen(stream: LocalStream, pace: _Pace, found: list[Recorded]) -> None:
    """With the transcriber's stabilizer, which tells the recognizer what is final."""
    stabilizer = Stabilizer(Transcribed())
    async for hypothesis in stream.hypotheses():
        timeless = msgspec.structs.replace(hypothesis, decode_started_at_ms=0.0, decode_ms=0.0)
        found.append(Recorded(round(max(0.0, pace.now_ms - hypothesis.heard_ms), 1), timeless))
        stabilizer.hear(hypothesis)
        stream.finalized(stabilizer.transcribed.end_ms)


if __name__ == "__main__":
    made = asyncio.run(record())
    PATH.write_bytes(gzip.compress(msgspec.json.encode(made), mtime=0))
    print(f"{len(made.hypotheses)} hypotheses of {made.length_ms / 1000:.1f} s")  # noqa: T201
