"""An engine for the stand-in: reads the audio of ``scripted``, whatever the size of its pieces."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

from services.common.contracts import Word
from services.transcriber.ports import HeardWord, Hypothesis

_SHORT = 0.4
"""A word that was heard for less of its half second isn't told: its beginning was in another stream."""


class Reader:
    """``Recognizer``: every sample but the silent ones counts, consecutive equal samples are one word."""

    languages = frozenset({"en"})
    context_ms = 0.0

    @contextlib.asynccontextmanager
    async def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AsyncIterator["ReaderStream"]:
        stream = ReaderStream(first_sample)
        try:
            yield stream
        finally:
            stream.heard.put_nowait(None)


class ReaderStream:
    """A word is stable once the next has begun; silence ends a result."""

    def __init__(self, first_sample: int) -> None:
        self._position = first_sample
        self._runs: list[tuple[int, int, int]] = []
        """Number, first sample, end: since the last result."""
        self.heard: asyncio.Queue[Hypothesis | None] = asyncio.Queue(1000)

    async def feed(self, pcm: bytes, first_sample: int) -> None:
        assert first_sample == self._position, "the stream must be fed without gaps"
        for number, group in itertools.groupby(memoryview(pcm).cast("H")):
            self._run(number, sum(1 for _ in group))
        self._tell(endpoint=False)

    def _run(self, number: int, samples: int) -> None:
        end = self._position + samples
        if not number:
            self._tell(endpoint=True)
            self._runs.clear()
        elif self._runs and self._runs[-1][0] == number:
            self._runs[-1] = (number, self._runs[-1][1], end)
        else:
            self._runs.append((number, self._position, end))
        self._position = end

    def _tell(self, *, endpoint: bool) -> None:
        words = tuple(
            HeardWord(f"w{number}", begin / 16, end / 16, stable=(number, begin, end) != self._runs[-1])
            for number, begin, end in self._runs
            if (end - begin) / 16_000 > _SHORT
        )
        if words:
            self.heard.put_nowait(Hypothesis(words=words, heard_ms=self._position / 16, endpoint=endpoint))

    async def flush(self) -> None:
        self._tell(endpoint=True)
        await self.heard.join()

    def finalized(self, until_ms: float) -> None: ...

    async def hypotheses(self) -> AsyncIterator[Hypothesis]:
        while (heard := await self.heard.get()) is not None:
            yield heard
            self.heard.task_done()
