"""What one session publishes: finals and what is missing, partials, whether it is recognized, its end."""

from collections.abc import Sequence

import structlog

from services.common import stages
from services.common.clock import now_ms
from services.common.contracts import Final, Finished, Frame, Partial, Recognition, SentenceMark, Stretch, Word
from services.common.kafka import Outbox, Received
from services.common.topics import TRANSCRIPTS
from services.transcriber import metrics
from services.transcriber.ports import Hypothesis
from services.transcriber.stabilizer import Run, Transcribed

log = structlog.get_logger(__name__)


class Telling:
    """Records of one session, into its partition's outbox."""

    def __init__(
        self, session_id: str, language: str, outbox: Outbox, published: Transcribed, recognized: bool
    ) -> None:
        """recognized: what listeners were told last."""
        self.recognized = recognized
        self.published = published
        """As its own finals tell, and nothing else does after a fault."""
        self._id = session_id
        self._language = language
        self._outbox = outbox

    def final(self, run: Run, hypothesis: Hypothesis, held: Received[Frame] | None) -> None:
        """held: the frame in which its last word ends, or that is nearest."""
        published_at_ms = now_ms()
        spent: dict[str, float] = {}
        if held is not None and run.words:
            end_ms = run.words[-1].end_ms
            decode_at_ms = hypothesis.decode_started_at_ms or held.read_at_ms
            spent = {
                stages.CAPTURE: held.record.received_at_ms - _floor_epoch_ms(held.record) - end_ms,
                stages.AUDIO_TOPIC: held.read_at_ms - held.record.received_at_ms,
                stages.AGREE: decode_at_ms - held.read_at_ms,
                stages.RECOGNIZE: published_at_ms - decode_at_ms,
            }
            metrics.WORD_DELAY.observe(max(0.0, published_at_ms - _floor_epoch_ms(held.record) - end_ms) / 1000)
        self._put(
            Final(
                session_id=self._id,
                language=self._language,
                index=run.index,
                words=run.words,
                previous_mark=run.previous_mark,
                ends=run.ends,
                floor_epoch_ms=_floor_epoch_ms(held.record) if held else 0.0,
                stages=spent,
                published_at_ms=published_at_ms,
            )
        )
        metrics.FINALS.inc()

    def missing(self, index: int, cause: metrics.Missing, stretch: Stretch, near: Frame) -> None:
        """What was said then will never be known. near: a frame by whose clock that was."""
        length_ms = stretch.end_ms - stretch.start_ms
        log.warning("audio_told_missing", cause=cause, from_ms=round(stretch.start_ms), ms=round(length_ms))
        metrics.MISSING.labels(cause).inc(length_ms / 1000)
        self._put(
            Final(
                session_id=self._id,
                language=self._language,
                index=index,
                words=(),
                missing=stretch,
                floor_epoch_ms=_floor_epoch_ms(near),
                published_at_ms=now_ms(),
            )
        )

    def partial(self, words: tuple[Word, ...], *, follows: int, held: Received[Frame] | None) -> None:
        """Best effort. held: the frame in which the last word ends, or that is nearest."""
        self._outbox.put_partial(
            TRANSCRIPTS,
            Partial(
                session_id=self._id,
                language=self._language,
                follows=follows,
                words=words,
                floor_epoch_ms=_floor_epoch_ms(held.record) if held else 0.0,
            ),
        )

    def recognition(self, works: bool) -> None:
        """Listeners and the speaker hear of it when nothing is recognized any more, or is again."""
        if works != self.recognized:
            self.recognized = works
            self._outbox.put(TRANSCRIPTS, Recognition(session_id=self._id, language=self._language, works=works))

    def finished(self, end_ms: float, previous_mark: SentenceMark | None) -> None:
        """All has been said."""
        self._outbox.put(
            TRANSCRIPTS,
            Finished(session_id=self._id, language=self._language, end_ms=end_ms, previous_mark=previous_mark),
        )

    def set_aside(self, records: Sequence[Received[Frame]], fault: BaseException) -> None:
        """Audio at which this program failed for good."""
        self._outbox.set_aside(records, fault)

    def _put(self, final: Final) -> None:
        self._outbox.put(TRANSCRIPTS, final)
        self.published = self.published.after(final)


def _floor_epoch_ms(frame: Frame) -> float:
    """The wall-clock time of floor audio 0 ms, as this frame tells it."""
    return frame.captured_at_ms - frame.end_ms
