"""The local recognizer: Whisper over a growing window of the newest speech, again and again.

A stream decodes what was said since the last final words, with a few seconds of audio before that in front of it as
context, whenever there is enough new speech, and once more when the speaker pauses. It decodes at the pace of whoever
reads its hypotheses, and always the newest audio, so a slow machine decodes less often and never late.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import structlog

from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Word
from services.common.engine_host import EngineHost
from services.common.errors import EngineUnavailable
from services.common.languages import LANGUAGES
from services.transcriber.local.coverage import Gap, Speech, filled, largest_gap
from services.transcriber.local.model import ENGINE, MAX_SPEECH_S, Spoken
from services.transcriber.local.tuning import Tuning
from services.transcriber.local.turns import LEAD_SAMPLES, Turns
from services.transcriber.local.vad import WINDOW_SAMPLES, VoiceActivity
from services.transcriber.ports import HeardWord, Hypothesis

log = structlog.get_logger(__name__)

SAMPLES_PER_MS = SAMPLE_RATE // 1000

_PATIENCE = 4.0
"""A decode that is repeated may take so much longer: on a machine that is merely busy, one that is given up again and
again never ends, and a new worker each time makes the machine busier."""
_HESITATION_S = 0.1
"""In a silence longer than this, a decode waits for the endpoint or for more speech."""
_BEFORE_WORD_S = 0.05
_AROUND_GAP_S = (1.0, 0.2)
"""Decoded with what a decode left out, before and after it, so that its words are whole."""


class LocalRecognizer:
    """``Recognizer`` over a host of Whisper workers."""

    def __init__(self, host: EngineHost, tuning: Tuning) -> None:
        self._host = host
        self._tuning = tuning

    @classmethod
    @contextlib.asynccontextmanager
    async def load(
        cls, model: str, *, workers: int, deadline_s: float, tuning: Tuning
    ) -> AsyncIterator["LocalRecognizer"]:
        """Ready when every worker has the model (a folder). Raises EngineError."""
        async with EngineHost.open(ENGINE, args=(model,), workers=workers, deadline_s=deadline_s) as host:
            yield cls(host, tuning)

    @contextlib.asynccontextmanager
    async def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AsyncIterator["LocalStream"]:
        """See ``Recognizer.open``."""
        activity = await asyncio.to_thread(VoiceActivity)
        stream = LocalStream(self._host, activity, self._tuning, language, first_sample)
        if final_words:
            stream.finalized(final_words[-1].end_ms)
        try:
            yield stream
        finally:
            stream.close()

    @property
    def context_ms(self) -> float:
        return self._tuning.context_s * 1000

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(code for code, language in LANGUAGES.items() if language.local.recognizes)


class LocalStream:
    """``RecognizerStream``. One feeder, one reader. Positions are in samples of floor audio."""

    def __init__(
        self, host: EngineHost, activity: VoiceActivity, tuning: Tuning, language: str, first_sample: int
    ) -> None:
        self._host = host
        self._activity = activity
        self._tuning = tuning
        self._language = language
        self._audio = bytearray()
        self._audio_start = first_sample
        self._turns = Turns(_samples(tuning.endpoint_s), heard=first_sample)
        self._speech = Speech()
        self._window: int | None = None
        """Where the next decode begins; None: where the speech does."""
        self._decoded = first_sample
        self._final_until = first_sample
        self._told_quiet = first_sample
        self._flushing = False
        self._closed = False
        self._work = asyncio.Event()
        self._progress = asyncio.Event()

    async def feed(self, pcm: bytes, first_sample: int) -> None:
        """See ``RecognizerStream.feed``."""
        expected = self._audio_start + len(self._audio) // 2
        if first_sample != expected:
            raise ValueError(f"audio from sample {first_sample} where {expected} was expected")
        self._forget()
        self._audio += pcm
        for probability in self._activity.hear(pcm):
            self._turns.hear(WINDOW_SAMPLES, probability)
            if not self._turns.silence:
                self._speech.add(
                    (self._turns.heard - WINDOW_SAMPLES) / SAMPLES_PER_MS, self._turns.heard / SAMPLES_PER_MS
                )
        self._work.set()
        await asyncio.sleep(0)  # minutes of silence may wait to be fed: the loop is not this stream's alone
        while self._is_behind() and not self._closed:
            await self._reader_progress()

    async def flush(self) -> None:
        """See ``RecognizerStream.flush``. Returns once the reader has asked for what comes after it."""
        self._turns.end()
        self._flushing = True
        self._work.set()
        while self._flushing and not self._closed:
            await self._reader_progress()

    def finalized(self, until_ms: float) -> None:
        """See ``RecognizerStream.finalized``."""
        self._final_until = max(self._final_until, round(until_ms * SAMPLES_PER_MS))

    def close(self) -> None:
        """End the hypotheses."""
        self._closed = True
        self._work.set()
        self._progress.set()

    async def hypotheses(self) -> AsyncIterator[Hypothesis]:
        """See ``RecognizerStream.hypotheses``. Decodes while it is read, so each decode knows what is final."""
        try:
            while not self._closed:
                self._work.clear()
                if (stretch := self._turns.take()) is not None:
                    yield await self._recognize(stretch.onset, stretch.end, endpoint=True)
                elif (onset := self._due()) is not None:
                    overlong = self._turns.heard - (self._window or onset) >= _samples(self._tuning.longest_s)
                    yield await self._recognize(onset, self._turns.heard, endpoint=overlong)
                elif self._flushing or self._is_quiet():
                    self._window, self._told_quiet = None, self._turns.heard
                    yield Hypothesis(words=(), heard_ms=self._turns.heard / SAMPLES_PER_MS, endpoint=True, quiet=True)
                    self._flushing = False
                else:
                    await self._work.wait()
                    continue
                self._progress.set()
        finally:
            self.close()

    def _due(self) -> int | None:
        """Where the speech that is going on began, if there is enough of it that was not decoded yet."""
        onset = self._turns.onset
        if onset is not None and self._is_behind():
            return onset  # whoever feeds waits for this
        if onset is None or self._turns.silence > _samples(_HESITATION_S):
            return None
        known = max(self._decoded, self._final_until, onset + LEAD_SAMPLES)
        return onset if self._turns.heard - known >= _samples(self._tuning.step_s) else None

    def _is_quiet(self) -> bool:
        silence = min(self._turns.silence, self._turns.heard - self._told_quiet)
        return self._turns.onset is None and silence >= _samples(self._tuning.quiet_s)

    async def _recognize(self, onset: int, until: int, *, endpoint: bool) -> Hypothesis:
        """Decode from the window's start, and move it on where it has grown too long."""
        start = max(onset if self._window is None else self._window, until - _samples(MAX_SPEECH_S), self._audio_start)
        self._decoded, self._window = until, start
        began_at_ms, began = now_ms(), time.perf_counter()
        words = await self._decode(start, until)
        begin_ms, until_ms = max(start, self._final_until) / SAMPLES_PER_MS, until / SAMPLES_PER_MS
        if (gap := largest_gap(words, self._speech, begin_ms, until_ms, ends=endpoint)) is not None:
            words = filled(words, gap, await self._decode(*self._around(gap, start, until)))
        self._window = self._next_window(start, until, words, endpoint)
        return Hypothesis(
            words=words,
            heard_ms=until_ms,
            endpoint=endpoint,
            decode_started_at_ms=began_at_ms,
            decode_ms=(time.perf_counter() - began) * 1000,
        )

    async def _decode(self, start: int, until: int) -> tuple[HeardWord, ...]:
        """What is said between these two samples, both held."""
        pcm = bytes(self._audio[2 * (start - self._audio_start) : 2 * (until - self._audio_start)])
        try:
            spoken = await self._host.call("recognize", pcm, self._language)
        except EngineUnavailable as fault:
            log.warning("decode_repeated", reason=str(fault))
            spoken = await self._host.call("recognize", pcm, self._language, patience=_PATIENCE)
        begin_ms, heard_ms = start / SAMPLES_PER_MS, until / SAMPLES_PER_MS
        # The last word stays open: the endpoint after it needs a word to be told with.
        last = spoken[-1:]
        words = tuple(self._heard(word, begin_ms, heard_ms) for word in spoken[:-1])
        return words + tuple(HeardWord(one.text, begin_ms + one.start_ms, begin_ms + one.end_ms) for one in last)

    def _heard(self, word: Spoken, start_ms: float, until_ms: float) -> HeardWord:
        """The word in floor time; stable if the model is sure of it and has heard what follows."""
        end_ms = start_ms + word.end_ms
        sure = word.probability >= self._tuning.sure and end_ms <= until_ms - self._tuning.margin_s * 1000
        return HeardWord(word.text, start_ms + word.start_ms, end_ms, stable=True if sure else None)

    @staticmethod
    def _around(gap: Gap, start: int, until: int) -> tuple[int, int]:
        before, after = map(_samples, _AROUND_GAP_S)
        first, last = round(gap.start_ms * SAMPLES_PER_MS), round(gap.end_ms * SAMPLES_PER_MS)
        return max(start, first - before), min(until, last + after)

    def _next_window(self, start: int, until: int, words: tuple[HeardWord, ...], endpoint: bool) -> int:
        """At the first word of the context once a stretch is over or the window is long; else where it is."""
        if not endpoint and until - start <= _samples(self._tuning.trim_s):
            return start
        final = until if endpoint else self._final_until
        context = final - _samples(self._tuning.context_s)
        starts = (round(word.start_ms * SAMPLES_PER_MS) for word in words)
        first = next((at for at in starts if at >= context), final)
        return max(start, first - _samples(_BEFORE_WORD_S))

    def _is_behind(self) -> bool:
        """Whether so much speech waits for a decode that no more is taken."""
        begun = self._turns.begun
        return begun is not None and self._turns.heard - max(begun, self._decoded) >= _samples(self._tuning.behind_s)

    async def _reader_progress(self) -> None:
        self._progress.clear()
        await self._progress.wait()

    def _forget(self) -> None:
        """Drop the audio that no decode will want."""
        wanted = (self._window, self._turns.begun, self._turns.heard - LEAD_SAMPLES)
        unused = min(at for at in wanted if at is not None) - self._audio_start
        if unused > 0:
            del self._audio[: 2 * unused]
            self._audio_start += unused
            self._speech.forget(self._audio_start / SAMPLES_PER_MS)


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
