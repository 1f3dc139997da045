"""An engine for Transcribe's stand-in that knows a talk: it finds where in the recording the audio is that it hears."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from services.cli.clients.audio import read_floor_audio
from services.common.contracts import Word
from services.transcriber.ports import HeardWord, Hypothesis

_PROBE_BYTES = 2 * 1600
_SAMPLES_PER_MS = 16
_SURE_MS = 300.0
"""After its end a word is sure; so long a silence ends a result."""


class SpokenWord(msgspec.Struct, frozen=True):
    """A word of a reference transcript that has times."""

    word: str
    start_ms: float
    end_ms: float


def spoken_words(recording: Path) -> list[SpokenWord]:
    """What is said in a recording of ours."""
    return msgspec.json.decode(recording.with_suffix(".words.json").read_bytes(), type=list[SpokenWord])


class KnownTalk:
    """``Recognizer``: hears all words of one recording, and nothing in any other sound."""

    languages = frozenset({"en"})
    context_ms = 0.0

    def __init__(self, recording: Path) -> None:
        self._pcm = read_floor_audio(recording).astype("<i2").tobytes()
        self._words = spoken_words(recording)

    @contextlib.asynccontextmanager
    async def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AsyncIterator["KnownTalkStream"]:
        stream = KnownTalkStream(self._pcm, self._words)
        try:
            yield stream
        finally:
            stream.heard.put_nowait(None)


class KnownTalkStream:
    """A word that was only just heard may change: it is told without its case and marks. Words of which the stream
    lacks the beginning are not told."""

    def __init__(self, recording: bytes, words: list[SpokenWord]) -> None:
        self._recording = recording
        self._words = words
        self._probe = bytearray()
        self._begin: int | None = None
        """The recording's sample that the stream began with; None: not found yet."""
        self._fed = 0
        self._told = 0
        """Words up to here are in results that are final, or were before the stream's begin."""
        self.heard: asyncio.Queue[Hypothesis | None] = asyncio.Queue(10_000)

    async def feed(self, pcm: bytes, first_sample: int) -> None:
        self._fed += len(pcm) // 2
        if self._begin is None:
            self._probe += pcm
            self._find()
        self._tell(flushing=False)

    async def flush(self) -> None:
        self._tell(flushing=True)
        await self.heard.join()

    def finalized(self, until_ms: float) -> None: ...

    async def hypotheses(self) -> AsyncIterator[Hypothesis]:
        while (heard := await self.heard.get()) is not None:
            yield heard
            self.heard.task_done()

    def _find(self) -> None:
        while self._begin is None and len(self._probe) >= _PROBE_BYTES:
            probe = bytes(self._probe[:_PROBE_BYTES])
            at = self._recording.find(probe) if any(probe) else -1
            if at >= 0 and at % 2 == 0:
                self._begin = (at - 2 * self._fed + len(self._probe)) // 2
                begin_ms = self._begin / _SAMPLES_PER_MS
                self._told = sum(word.start_ms < begin_ms for word in self._words)
            del self._probe[:_PROBE_BYTES]

    def _tell(self, *, flushing: bool) -> None:
        if self._begin is None:
            return
        begin_ms = self._begin / _SAMPLES_PER_MS
        at_ms = begin_ms + self._fed / _SAMPLES_PER_MS
        words = [word for word in self._words[self._told :] if word.end_ms <= at_ms]
        if not words:
            return
        following = self._words[self._told + len(words) : self._told + len(words) + 1]
        silent_ms = at_ms - words[-1].end_ms
        endpoint = flushing or (silent_ms >= _SURE_MS and all(one.start_ms > at_ms for one in following))
        heard = [HeardWord(word.word, word.start_ms - begin_ms, word.end_ms - begin_ms, stable=True) for word in words]
        if silent_ms < _SURE_MS and not endpoint:
            last = heard[-1]
            heard[-1] = HeardWord(last.text.lower().rstrip(".,"), last.start_ms, last.end_ms, stable=False)
        self.heard.put_nowait(Hypothesis(words=tuple(heard), heard_ms=at_ms - begin_ms, endpoint=endpoint))
        if endpoint:
            self._told += len(words)
