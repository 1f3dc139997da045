"""Amazon Transcribe, streaming.

A session's stretch is one call as long as that is not old; an old one is replaced where the speaker pauses, with the
audio since the last result. What the call was given and did not answer for is fed again by the session when it fails.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from services.common.contracts import SAMPLE_RATE, Word
from services.common.errors import EngineRejected, EngineUnavailable
from services.common.languages import LANGUAGES
from services.transcriber.aws.account import Account
from services.transcriber.aws.call import Call
from services.transcriber.aws.results import hypothesis
from services.transcriber.ports import Hypothesis
from services.transcriber.settings import Stability

log = structlog.get_logger(__name__)

_SAMPLES_PER_MS = SAMPLE_RATE // 1000
_CHUNK_BYTES = 2 * 100 * _SAMPLES_PER_MS
"""Transcribe wants chunks of one size, 50-200 ms."""
_HYPOTHESES_WAITING = 64
_CLOSE_S = 1.0


@dataclass(frozen=True)
class Timing:
    """When things are done. Seconds."""

    context_s: float = 3.0
    """Heard again after a fault, so that no word begins in its middle."""
    late_s: float = 2.5
    """After sending, by the clock, a result of the audio may still come."""
    quiet_s: float = 1.5
    """Audio of which none came in that time, and that makes a long silence."""
    old_s: float = 600.0
    """From this age a call is replaced at a pause: credentials hold for ten minutes at least, a call four hours."""
    deaf_s: float = 30.0
    """Audio without any result after which a call is taken for one that hears no more, and replaced."""
    end_s: float = 10.0
    """For the last results, once there is no more audio."""
    fastest: float = 2.0
    """Audio that had to wait is sent so many times faster than it was spoken."""
    ahead_s: float = 1.0
    """Audio that may be sent at once."""


class AmazonRecognizer:
    """``Recognizer`` over Transcribe's streaming."""

    def __init__(self, account: Account, timing: Timing) -> None:
        self._account = account
        self._timing = timing

    @classmethod
    @contextlib.asynccontextmanager
    async def load(
        cls, *, endpoint: str = "", stability: Stability = "high", timing: Timing | None = None
    ) -> AsyncIterator["AmazonRecognizer"]:
        """endpoint: empty for the region's own. Raises SettingsError."""
        yield cls(await Account.open(endpoint, stability), timing or Timing())

    @contextlib.asynccontextmanager
    async def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AsyncIterator["AmazonStream"]:
        """See ``Recognizer.open``."""
        code = LANGUAGES[language].aws.transcribe
        if code is None:
            raise EngineRejected(f"Transcribe doesn't recognize {language}")
        stream = AmazonStream(self._account, code, await Call.open(self._account, code, first_sample), self._timing)
        try:
            yield stream
        finally:
            await stream.close()

    @property
    def context_ms(self) -> float:
        return self._timing.context_s * 1000

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(code for code, language in LANGUAGES.items() if language.aws.transcribe)


class AmazonStream:
    """``RecognizerStream``. One feeder, one reader. Positions are in samples of floor audio."""

    def __init__(self, account: Account, language_code: str, call: Call, timing: Timing) -> None:
        self._account = account
        self._language_code = language_code
        self._timing = timing
        self._heard: asyncio.Queue[Hypothesis | Exception | None] = asyncio.Queue(_HYPOTHESES_WAITING)
        self._kept = bytearray()
        """Audio since the last endpoint, or since silence was told: what a new call would have to hear."""
        self._kept_from = call.first_sample
        self._begin(call)

    def _begin(self, call: Call) -> None:
        self._call = call
        self._open_result = False
        self._sent = call.first_sample
        self._underway: deque[tuple[float, int]] = deque()
        """When chunks were sent of which a result may still come, and where they begin."""
        self._answered = call.first_sample
        """Up to here results have come, or silence was told."""
        self._sent_at_result = call.first_sample
        """How far the audio was when the last result came."""
        self._reading = asyncio.create_task(self._read(call), name="transcribe results")

    async def feed(self, pcm: bytes, first_sample: int) -> None:
        """See ``RecognizerStream.feed``."""
        if first_sample != self._fed:
            raise ValueError(f"audio from sample {first_sample} where {self._fed} was expected")
        self._kept += pcm
        if self._is_to_be_replaced():
            await self._replace()
        while self._fed - self._sent >= _CHUNK_BYTES // 2:
            await self._send(_CHUNK_BYTES)
        await self._tell_quiet()

    async def flush(self) -> None:
        """See ``RecognizerStream.flush``. Returns once the reader has asked for what comes after it."""
        if self._fed > self._sent:
            await self._send(2 * (self._fed - self._sent))
        await self._call.end()
        if not (await asyncio.wait([self._reading], timeout=self._timing.end_s))[0]:
            raise EngineUnavailable(f"Transcribe: no end of results {self._timing.end_s:g} s after that of the audio")
        await self._heard.put(Hypothesis(words=(), heard_ms=self._fed / _SAMPLES_PER_MS, endpoint=True, quiet=True))
        await self._heard.join()

    def finalized(self, until_ms: float) -> None:
        """See ``RecognizerStream.finalized``. Transcribe keeps its own context."""

    async def hypotheses(self) -> AsyncIterator[Hypothesis]:
        """See ``RecognizerStream.hypotheses``."""
        while (heard := await self._heard.get()) is not None:
            if isinstance(heard, Exception):
                self._heard.task_done()
                raise heard
            yield heard
            self._heard.task_done()

    async def close(self) -> None:
        """End the hypotheses, and the call."""
        await self._hang_up()
        while not self._heard.empty():
            self._heard.get_nowait()
            self._heard.task_done()
        self._heard.put_nowait(None)

    @property
    def _fed(self) -> int:
        return self._kept_from + len(self._kept) // 2

    async def _send(self, size: int) -> None:
        """The next bytes, when it is time: the SDK itself would take any amount at once."""
        due_s = ((self._sent - self._call.first_sample) / SAMPLE_RATE - self._timing.ahead_s) / self._timing.fastest
        await asyncio.sleep(max(0.0, self._call.opened_at_s + due_s - time.monotonic()))
        at = 2 * (self._sent - self._kept_from)  # results that came meanwhile may have let audio go
        chunk = bytes(self._kept[at : at + size])
        self._underway.append((time.monotonic(), self._sent))
        self._sent += size // 2
        await self._call.send(chunk)

    async def _read(self, call: Call) -> None:
        """The results of one call, until it has said all or failed."""
        begin_ms = call.first_sample / _SAMPLES_PER_MS
        try:
            async for result in call.results():
                heard = hypothesis(result, begin_ms)
                if heard is None:
                    continue
                self._open_result = not heard.endpoint
                self._sent_at_result = self._sent
                self._answered = max(self._answered, round(heard.heard_ms * _SAMPLES_PER_MS))
                if heard.endpoint:
                    self._forget(self._answered)
                await self._heard.put(heard)
        except Exception as fault:  # for whoever reads the hypotheses
            await self._heard.put(fault)

    async def _tell_quiet(self) -> None:
        """Where no result has come for long, say so: nothing need wait for what was said before."""
        while self._underway and time.monotonic() - self._underway[0][0] > self._timing.late_s:
            self._underway.popleft()
        until = self._underway[0][1] if self._underway else self._sent
        if self._open_result or until - self._answered < self._timing.quiet_s * SAMPLE_RATE:
            return
        self._answered = until
        self._forget(self._answered)
        heard_ms = self._answered / _SAMPLES_PER_MS
        await self._heard.put(Hypothesis(words=(), heard_ms=heard_ms, endpoint=True, quiet=True))

    def _forget(self, until: int) -> None:
        """Let go the audio before this that was sent."""
        until = min(until, self._sent)
        if until > self._kept_from:
            del self._kept[: 2 * (until - self._kept_from)]
            self._kept_from = until

    def _is_to_be_replaced(self) -> bool:
        if self._sent - self._sent_at_result > self._timing.deaf_s * SAMPLE_RATE:
            return True
        paused = not self._open_result and self._answered > self._call.first_sample
        return paused and time.monotonic() - self._call.opened_at_s > self._timing.old_s

    async def _replace(self) -> None:
        """Go on with a new call, from the end of the last result that was final."""
        log.info("call_replaced", age_s=round(time.monotonic() - self._call.opened_at_s))
        await self._hang_up()  # first, for its last results may let audio go
        self._begin(await Call.open(self._account, self._language_code, self._kept_from))

    async def _hang_up(self) -> None:
        await self._call.close()
        await asyncio.wait([self._reading], timeout=_CLOSE_S)
        self._reading.cancel()  # it waits for somebody to take what it has read
        await asyncio.wait([self._reading])
