"""``Recognizer`` that has heard everything before. It doesn't look at the audio, and takes no CPU for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import msgspec

from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Word
from services.transcriber.ports import HeardWord, Hypothesis
from tests.bench.sessions.recording import Recorded, Recording


class RecordedRecognizer:
    """The recording's hypotheses, again and again, each as long after its audio as it came then."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    @contextlib.asynccontextmanager
    async def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AsyncIterator["RecordedStream"]:
        """See ``Recognizer.open``."""
        stream = RecordedStream(self._recording, first_sample * 1000 / SAMPLE_RATE)
        try:
            yield stream
        finally:
            stream.close()

    @property
    def context_ms(self) -> float:
        return 3_000.0

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"en"})


class RecordedStream:
    """``RecognizerStream``."""

    def __init__(self, recording: Recording, first_ms: float) -> None:
        self._recording = recording
        self._first_ms = self._heard_ms = first_ms
        self._changed = asyncio.Event()
        self._flushing = False
        self._flushed = asyncio.Event()
        self._closed = False

    async def feed(self, pcm: bytes, first_sample: int) -> None:
        """See ``RecognizerStream.feed``."""
        self._heard_ms = (first_sample + len(pcm) // 2) * 1000 / SAMPLE_RATE
        self._changed.set()

    async def flush(self) -> None:
        """See ``RecognizerStream.flush``."""
        self._flushing = True
        self._changed.set()
        await self._flushed.wait()

    def finalized(self, until_ms: float) -> None:
        """See ``RecognizerStream.finalized``."""

    def close(self) -> None:
        """End the hypotheses."""
        self._closed = True
        self._flushed.set()
        self._changed.set()

    async def hypotheses(self) -> AsyncIterator[Hypothesis]:
        """See ``RecognizerStream.hypotheses``."""
        for begin_ms, recorded in self._again_and_again():
            at_ms = begin_ms + recorded.hypothesis.heard_ms
            if at_ms <= self._first_ms:
                continue
            while self._heard_ms < at_ms:
                if self._flushing:
                    yield Hypothesis(words=(), heard_ms=self._heard_ms, endpoint=True, quiet=True)
                    self._flushing = False
                    self._flushed.set()
                if self._closed:
                    return
                self._changed.clear()
                await self._changed.wait()
            await asyncio.sleep(recorded.after_ms / 1000)
            yield _later(recorded, begin_ms)

    def _again_and_again(self) -> Iterator[tuple[float, Recorded]]:
        begin_ms = self._first_ms // self._recording.length_ms * self._recording.length_ms
        while True:
            for recorded in self._recording.hypotheses:
                yield begin_ms, recorded
            begin_ms += self._recording.length_ms


def _later(recorded: Recorded, ms: float) -> Hypothesis:
    """The hypothesis so much later on the sample clock, decoded just now."""
    words = tuple(
        HeardWord(word.text, word.start_ms + ms, word.end_ms + ms, word.stable) for word in recorded.hypothesis.words
    )
    return msgspec.structs.replace(
        recorded.hypothesis,
        words=words,
        heard_ms=recorded.hypothesis.heard_ms + ms,
        decode_started_at_ms=now_ms() - recorded.after_ms,
        decode_ms=recorded.after_ms,
    )
