"""One session: its frames in, its partials and finals out.

A stretch of floor audio without a long gap is one recognizer stream. It ends with a pause, a mute, the session's end,
audio that is missing, or frames that stop coming; then everything heard is settled. A stream that fails is opened
again and hears once more what was not settled.
"""

import asyncio
import contextlib
from dataclasses import replace

import msgspec
import structlog

from services.common.contracts import SAMPLE_RATE, Frame, Mark, Stretch, Word
from services.common.errors import EngineRejected, EngineUnavailable, Overloaded, ends_process
from services.common.kafka import Outbox, Received
from services.transcriber import metrics
from services.transcriber.patience import Patience
from services.transcriber.ports import Hypothesis, Recognizer, RecognizerStream
from services.transcriber.ring import Ring
from services.transcriber.sanity import Nonsense, require_sense
from services.transcriber.stabilizer import Stabilizer, Transcribed
from services.transcriber.streams import Limits, Streams
from services.transcriber.telling import Telling
from services.transcriber.unheard import Unheard

log = structlog.get_logger(__name__)

_QUIET_CONTEXT_MS = 500.0
"""Kept in a long silence: where speech begins is noticed a little late."""


class Session:
    """``run`` recognizes what ``hear`` is given. Output and settled offsets change together, between awaits."""

    def __init__(
        self,
        session_id: str,
        language: str,
        *,
        recognizer: Recognizer,
        outbox: Outbox,
        streams: Streams,
        limits: Limits,
        transcribed: Transcribed,
        recognized: bool = True,
    ) -> None:
        """recognized: what listeners were told last."""
        self.finished = False
        self._id = session_id
        self._language = language
        self._telling = Telling(session_id, language, outbox, transcribed, recognized)
        self._recognizer = recognizer
        self._streams = streams
        self._limits = limits
        self._stabilizer = Stabilizer(transcribed)
        self._failed_at: tuple[Transcribed, int | None] | None = None
        """Where a fault of this program came last."""
        self._ring = Ring(recognizer.context_ms)
        self._unheard = Unheard()
        self._patience = Patience()
        known_ms = max(0.0, transcribed.end_ms - recognizer.context_ms, transcribed.missing_until_ms)
        self._expected_sample = round(known_ms * SAMPLE_RATE / 1000)
        """Audio before it is known, was heard already, or was told missing."""
        self._fed_until_ms = 0.0
        self._has_stream = False
        self._failing = False
        """Streams have failed for long, and none has heard anything since."""
        self._partial: tuple[Word, ...] = ()
        self._changed = asyncio.Event()

    @property
    def oldest_offset(self) -> int | None:
        """First input offset that a takeover needs; None: everything so far is settled."""
        held = (self._ring.oldest_offset, self._unheard.oldest_offset)
        return min((offset for offset in held if offset is not None), default=None)

    async def hear(self, received: Received[Frame]) -> None:
        """Take the next frame or mark. Waits while too much audio waits for the recognizer."""
        received = self._without_overlap(received)
        frame = received.record
        if self.finished or (frame.mark is None and not (frame.samples and self._admit(received))):
            return
        self._tell_unheard()
        self._ring.append(received)
        self._changed.set()
        while self._ring.unfed_ms > self._limits.unfed_s * 1000 and not self.finished:
            await self._change()

    def _without_overlap(self, received: Received[Frame]) -> Received[Frame]:
        """Cut off what was heard before: frames may come twice, or overlap after a takeover of the speaker's socket."""
        frame = received.record
        known = self._expected_sample - frame.first_sample
        if frame.mark is None:
            self._expected_sample = max(self._expected_sample, frame.first_sample + frame.samples)
        if frame.mark is not None or known <= -frame.missing_samples:
            return received
        heard = max(0, known)
        rest = msgspec.structs.replace(
            frame,
            first_sample=frame.first_sample + heard,
            pcm=frame.pcm[2 * heard :],
            missing_samples=max(0, -known),  # some of it came after all, by another connection
        )
        return replace(received, record=rest)

    def _admit(self, received: Received[Frame]) -> bool:
        """Whether this session has a stream, or gets one now."""
        if not self._has_stream:
            self._has_stream = self._streams.take()
            if not self._has_stream:
                self._refuse(received)
            self._telling.recognition(self._has_stream and not self._failing)
        return self._has_stream

    def _refuse(self, received: Received[Frame]) -> None:
        """Pass the frame over. The mark that says so comes with what follows, or when nothing does."""
        metrics.REFUSED.inc()
        if self._telling.recognized:
            log.warning("stream_refused", session=self._id, limit=self._streams.limit)
        if not self._unheard.goes_on_with(received.record):
            self._tell_unheard()
        self._tell_never_came(received.record)
        self._unheard.append(received)

    def _tell_unheard(self) -> None:
        self._tell_given("refused", self._unheard.take())

    def _tell_given(self, cause: metrics.Missing, span: tuple[Frame, Frame] | None) -> None:
        """Of frames that were there, the first and the last, what isn't final: a takeover reads some of them again."""
        if span is not None:
            first, last = span
            self._tell_missing(cause, max(first.start_ms, self._stabilizer.transcribed.end_ms), last.end_ms, last)

    def _tell_never_came(self, frame: Frame) -> None:
        if frame.missing_samples:
            missing_ms = frame.missing_samples * 1000 / SAMPLE_RATE
            self._tell_missing("never came", frame.start_ms - missing_ms, frame.start_ms, frame)

    def _tell_missing(self, cause: metrics.Missing, start_ms: float, end_ms: float, near: Frame) -> None:
        """Say that what was said then will never be known, unless that was said before a takeover. near: a frame by
        whose clock that was."""
        start_ms = max(start_ms, self._stabilizer.transcribed.missing_until_ms)
        if end_ms > start_ms:
            index = self._stabilizer.transcribed.next_index
            self._telling.missing(index, cause, Stretch(start_ms, end_ms), near)
            self._stabilizer.transcribed = self._stabilizer.transcribed.told_missing(index, end_ms)

    async def run(self) -> None:
        """Recognize until the session's end has been published."""
        structlog.contextvars.bind_contextvars(session=self._id)  # this task's, and the engine's adapter's in it
        patience = self._patience
        try:
            while not self.finished:
                before = self._stabilizer.transcribed, self._ring.oldest_offset
                failed = given_up = False
                try:
                    await asyncio.create_task(self._transcribe_stretch())  # see ``_leave_if_cancelled``
                except* EngineRejected as faults:
                    log.error("audio_rejected", reason=str(faults.exceptions[0]))
                    metrics.FAILURES.labels("rejected").inc()
                    patience.failed(further=before[0] != self._stabilizer.transcribed)
                    self._pass_over()
                    failed = given_up = True
                except* EngineUnavailable as faults:
                    patience.failed(further=before != (self._stabilizer.transcribed, self._ring.oldest_offset))
                    log.warning("stream_failed", reason=str(faults.exceptions[0]), wait_s=patience.wait_s)
                    metrics.FAILURES.labels(_kind(faults.exceptions[0])).inc()
                    failed = True
                except* Exception as faults:
                    if ends_process(faults):
                        raise
                    patience.failed(further=before[0].next_index != self._telling.published.next_index)
                    given_up = self._note_fault(faults)
                    failed = True
                _leave_if_cancelled()
                if failed:
                    await self._try_again(given_up)
        finally:
            self._release()

    async def _try_again(self, given_up: bool) -> None:
        """Wait, then hear once more what is not settled, without what has failed for too long. given_up: that is."""
        if self._patience.failing_s > self._limits.silent_s:
            self._failing = True
            self._telling.recognition(False)
        await self._patience.wait()
        if not given_up and self._patience.failing_s > self._limits.hopeless_s:
            self._pass_over()
        self._ring.rewind()

    def _note_fault(self, fault: BaseException) -> bool:
        """Go on from what is published, at the second fault in the same place without the audio that led there.

        Returns whether that audio is given up.
        """
        self._stabilizer = Stabilizer(self._telling.published)
        metrics.FAILURES.labels("fault").inc()
        place = self._telling.published, self._ring.oldest_offset
        if place != self._failed_at:
            log.error("session_failed", exc_info=fault)
            self._failed_at = place
            return False
        self._pass_over(fault)
        return True

    def _pass_over(self, fault: BaseException | None = None) -> None:
        """Give up what the failing stream was fed; where none could be opened, what waits, up to the next mark.

        Where all have failed for too long, also what waits for as long: else it would pile up, and in the end hold all
        other sessions up. Where it failed at the context, that alone: it is settled. fault: of this program, for whose
        sake the records are set aside.
        """
        if not self._ring.fed_ms and self._ring.context:
            self._ring.give_up_fed()
            return
        may_wait_ms = self._limits.hopeless_s * 1000
        hopeless, opened = self._patience.failing_s * 1000 > may_wait_ms, bool(self._ring.fed_ms)
        while (waiting := self._ring.next) is not None and waiting.record.mark is None:
            if opened and not (hopeless and self._ring.unfed_ms > may_wait_ms):
                break
            self._ring.feed()
        if fault is not None:
            self._telling.set_aside(self._ring.fed, fault)
        given_up_ms = self._ring.fed_ms
        log.error("audio_given_up", ms=round(given_up_ms))
        metrics.GIVEN_UP.inc(given_up_ms / 1000)
        self._tell_given("given up", self._ring.fed_span)
        self._ring.give_up_fed()
        self._changed.set()

    async def _transcribe_stretch(self) -> None:
        """One recognizer stream, from the next frame to where its audio ends for now. Raises EngineError in a group."""
        if self._ring.next is None:
            self._release()
        while (first := await self._next()) is None:
            self._tell_unheard()
            self._patience.succeeded()  # there is nothing that could have failed meanwhile
        if first.record.mark is not None:
            self._mark(first.record)
            return
        self._stabilizer = Stabilizer(self._stabilizer.transcribed)
        self._tell_never_came(first.record)
        # Where frames had merely stopped, this goes on in mid-sentence, and a recognizer may pass over its first word.
        context = self._ring.context
        begin = context[0].first_sample if context else first.record.first_sample
        opening = self._recognizer.open(
            self._language, first_sample=begin, final_words=self._stabilizer.transcribed.words
        )
        async with asyncio.TaskGroup() as tasks, opening as stream:
            tasks.create_task(self._listen(stream))
            for frame in context:
                await stream.feed(frame.pcm, frame.first_sample)
            mark = await self._feed(stream, first.record.first_sample)
        # The stream is flushed and closed, so nothing that it was fed is open any more.
        self._ring.settle_fed()
        self._patience.succeeded()
        if mark is not None:
            self._mark(mark)

    async def _feed(self, stream: RecognizerStream, position: int) -> Frame | None:
        """Feed and flush the stretch. Returns the mark that ended it, if one did."""
        while (received := await self._next()) is not None and received.record.mark is None:
            frame = received.record
            gap = frame.first_sample - position
            if gap > 0 and frame.missing_samples:
                break
            if gap > self._limits.gap_filled_s * SAMPLE_RATE:
                log.warning("audio_missing", from_sample=position, samples=gap)
                break
            self._ring.feed()
            self._changed.set()
            self._fed_until_ms = frame.end_ms
            await stream.feed(bytes(2 * gap) + frame.pcm, position)
            position = frame.first_sample + frame.samples
        await stream.flush()
        return received.record if received is not None and received.record.mark is not None else None

    async def _next(self) -> Received[Frame] | None:
        """What to feed next; None if nothing has come for too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.idle_s):
                while self._ring.next is None:
                    await self._change()
        return self._ring.next

    async def _listen(self, stream: RecognizerStream) -> None:
        before: Hypothesis | None = None
        async for hypothesis in stream.hypotheses():
            require_sense(hypothesis, self._fed_until_ms)
            if hypothesis == before:
                continue  # it did not look again, so it does not agree with itself
            before = hypothesis
            self._decide(hypothesis)
            stream.finalized(self._stabilizer.transcribed.end_ms)

    def _decide(self, hypothesis: Hypothesis) -> None:
        """Publish what the hypothesis makes final and suggests, and let go the audio that it settles."""
        self._failing = False
        self._telling.recognition(True)
        decision = self._stabilizer.hear(hypothesis)
        for run in decision.finals:
            self._telling.final(
                run, hypothesis, self._ring.at(run.words[-1].end_ms if run.words else hypothesis.heard_ms)
            )
        if hypothesis.decode_ms:
            metrics.DECODE.observe(hypothesis.decode_ms / 1000)
        if decision.partial != self._partial or (decision.finals and decision.partial):
            self._partial = decision.partial
            self._telling.partial(
                decision.partial,
                follows=self._stabilizer.transcribed.next_index - 1,
                held=self._ring.at(decision.partial[-1].end_ms) if decision.partial else None,
            )
        if hypothesis.quiet:
            self._ring.settle_before(hypothesis.heard_ms - _QUIET_CONTEXT_MS)
        else:
            decided_ms = hypothesis.heard_ms if hypothesis.endpoint else self._stabilizer.transcribed.end_ms
            self._ring.settle_before(decided_ms - self._recognizer.context_ms)

    def _mark(self, frame: Frame) -> None:
        """A mark whose stretch has been settled: let it go, and after the end say that all has been said."""
        self._ring.feed()
        self._ring.settle_fed()
        self._changed.set()
        if frame.mark is not Mark.END:
            return
        self._telling.finished(frame.end_ms, self._stabilizer.transcribed.open_mark)
        self.finished = True
        self._release()

    def _release(self) -> None:
        if self._has_stream:
            self._has_stream = False
            self._streams.give_back()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


def _kind(fault: BaseException) -> str:
    return (
        "overloaded" if isinstance(fault, Overloaded) else "nonsense" if isinstance(fault, Nonsense) else "unavailable"
    )


def _leave_if_cancelled() -> None:
    """A task group whose task is cancelled while it ends with errors raises those alone, before Python 3.13.

    So is the other way round: one whose body has ended before the error came leaves its task marked as cancelled. Hence
    a stretch has a task of its own, and only what happens to the session's task counts here.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
