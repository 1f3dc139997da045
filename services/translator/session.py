"""One session: its finals go to a lane for each language that somebody listens to."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, pairwise

import msgspec
import structlog

from services.common.audience import AudienceView
from services.common.clock import now_ms
from services.common.contracts import (
    Final,
    Finished,
    LaneFinished,
    Stretch,
    Translation,
    Word,
)
from services.common.errors import told
from services.common.kafka import Received
from services.common.languages import LANGUAGES
from services.common.topics import Headers
from services.common.writing import joined
from services.translator import metrics, records
from services.translator.chunker import Chunker
from services.translator.engines import Engines
from services.translator.lane import Lane, LaneContext, LanePolicy
from services.translator.published import Published
from services.translator.sentences import MAX_WORD_CHARS, Sentences, ends_sentence

log = structlog.get_logger(__name__)

_HISTORY = 60
"""Finals of an open sentence that a new lane may begin with."""
_CAREFUL = 2
"""From so many faults in the same place on, what a lane has left is said one by one."""
_RECENT_MS = 120_000
"""After a takeover, finals may be replayed from long before a listener came. A lane takes only those that were
published no longer than this before, or after its own last caption: then it was running and goes on."""

_REMEDY = (
    "its captions are marked as failed; install its engine (see 'dragoman doctor'), or choose a region that has it"
)

MakeChunker = Callable[[Sentences, str], Chunker]
"""For what is said in the language of this code."""


def untraced(_: Translation) -> Headers:
    """What there is to trace where nothing is traced."""
    return ()


@dataclass(frozen=True)
class Workshop:
    """What all sessions of a process share."""

    engines: Engines
    make_chunker: MakeChunker
    policy: LanePolicy
    audience: AudienceView
    clock: Callable[[], float]
    """Steady ms."""
    traced: Callable[[Translation], Headers]
    """Traces a record that is to be published, and gives the headers that carry the trace on."""


class Session:
    """Not thread-safe; everything but the lanes' own tasks happens in synchronous steps."""

    def __init__(
        self,
        session_id: str,
        workshop: Workshop,
        publish: Callable[[Translation], None],
        lane_ended: Callable[[], None],
        start: Callable[[Lane], None],
        set_aside: Callable[[Sequence[Received[Final]], BaseException], None],
    ) -> None:
        """publish: into the outbox. lane_ended: told of each lane that has. start: run the lane's tasks, and tell
        ``lane_failed`` of a fault. set_aside: see the outbox."""
        self._id = session_id
        self._workshop = workshop
        self._publish, self._lane_ended, self._start = publish, lane_ended, start
        self._set_aside = set_aside
        self._lanes: dict[str, Lane] = {}
        self._published: dict[str, Published] = defaultdict(Published)
        self._failures: dict[str, tuple[tuple[int, int], str, int]] = {}
        """Where each lane failed last, of what, and how often there."""
        self._sentence: deque[Received[Final]] = deque(maxlen=_HISTORY)
        """Finals from the beginning of the open sentence on, for lanes that start now."""
        self._source: str | None = None
        self._heard = -1
        """Index of the latest final."""
        self._finished = False

    # -- takeover --

    def restore(self, record: Translation) -> None:
        """Take in a record that was published before."""
        self._published[record.language].apply(record)

    def speak_missing(self) -> None:
        """Start lanes whose captions went out without their speech."""
        for language, published in self._published.items():
            if published.speechless:
                self._open_lane(language)
        self.follow_audience()

    # -- input --

    def hear(self, received: Received[Final]) -> None:
        """Take the next final in: start lanes that are wanted, then give it to all.

        One that lies there twice, since it was put back, is passed over.
        """
        final = received.record
        if final.index <= self._heard:
            return
        self._heard = final.index
        self._source = final.language
        self.follow_audience(final.published_at_ms)
        for lane in self._lanes.values():
            lane.hear(received)
        self._note_sentence(received)

    def finish(self, offset: int, finished: Finished) -> None:
        """The session has ended: every lane says the rest, and every language that ever spoke is told."""
        self._source = finished.language
        self.follow_audience()
        self._finished = True
        for language, published in self._published.items():
            if published.finished:
                continue
            if language in self._lanes:
                self._lanes[language].finish(offset, finished)
            else:
                self._put(LaneFinished(session_id=self._id, language=language, segments=published.next_index))

    def follow_audience(self, at_ms: float | None = None) -> None:
        """Start lanes that somebody listens to, or did and may come back to; retire the others.

        at_ms: when the words to come were published (wall clock); None: they have yet to be.
        """
        if self._finished:
            return
        wanted = self._workshop.audience.languages(self._id).keys()
        if self._source is not None:
            for language in (wanted & LANGUAGES.keys()) - {self._source} - self._lanes.keys():
                self._begin(language, now_ms() if at_ms is None else at_ms)
        for language, lane in self._lanes.items():
            lane.retire(language not in wanted)

    # -- state --

    @property
    def unsettled(self) -> int | None:
        """Offset of the first record of this session that isn't settled; None: all are."""
        return min((offset for lane in self._lanes.values() if (offset := lane.unsettled) is not None), default=None)

    @property
    def waiting(self) -> int:
        """Words that the slowest lane has heard and not said."""
        return max((lane.waiting for lane in self._lanes.values()), default=0)

    @property
    def over(self) -> bool:
        """The session has finished, and so has every lane."""
        return self._finished and not self._lanes

    # -- lanes --

    def _begin(self, language: str, at_ms: float) -> None:
        """A language's first listener is there: begin with the open sentence, or go on after a takeover."""
        published = self._published[language]
        wanted_for_ms = self._workshop.audience.of(self._id, language).wanted_for_ms
        if published.finished or not _recent(at_ms, published, wanted_for_ms):
            return
        if self._source and language not in self._workshop.engines.translator.targets(self._source):
            log.error("language_not_translated", session=self._id, language=language, remedy=_REMEDY)
        lane = self._open_lane(language)
        for past in self._sentence:
            if _recent(past.record.published_at_ms, published, wanted_for_ms):
                lane.hear(past)

    def _open_lane(self, language: str) -> Lane:
        published = self._published[language]
        lane = Lane(
            context=LaneContext(
                session_id=self._id,
                language=language,
                engines=self._workshop.engines,
                policy=self._workshop.policy,
                publish=self._publish,
                ended=lambda: self._end_lane(language),
                speech_wanted=lambda: self._workshop.audience.of(self._id, language).speech_wanted,
                clock=self._workshop.clock,
            ),
            chunker=self._workshop.make_chunker(Sentences(published.covered_ms, published.said), language),
            published=published,
        )
        self._lanes[language] = lane
        self._start(lane)
        return lane

    def _end_lane(self, language: str) -> None:
        del self._lanes[language]
        self._lane_ended()

    def lane_failed(self, lane: Lane, fault: Exception) -> None:
        """Begin the lane anew, as a takeover would: with what it has not said.

        At the second fault in the same place it says them one by one, so that no others suffer for one. At further
        ones it goes on without what is said already, then without the first, which gets a caption marked as failed.
        """
        language = lane.context.language
        published, unsaid, end = self._published[language], lane.unsaid, lane.end
        if published.finished:
            self._end_lane(language)
            return
        place, what = (published.next_index, len(published.speechless)), told(fault)
        failed_at, failed_of, times = self._failures.get(language, (None, "", 0))
        times = times + 1 if place == failed_at else 1
        self._failures[language] = place, what, times
        metrics.LANE_FAILURES.inc()
        log.error(
            "lane_failed",
            session=self._id,
            language=language,
            reason=what,
            exc_info=fault if what != failed_of else None,
        )
        if times > _CAREFUL:
            rest = [*dropwhile(lambda received: not _left(received.record, published.covered_ms), unsaid)]
            if rest != unsaid:
                unsaid = rest
            elif unsaid:
                self._leave_out(language, unsaid.pop(0), fault)
            elif published.speechless:
                self._put(records.speech(published.speechless[0], failed="speech failed"))
            else:
                if end is not None:
                    self._put(LaneFinished(session_id=self._id, language=language, segments=published.next_index))
                self._end_lane(language)
                return
        again = self._open_lane(language)
        self.follow_audience()
        for received in unsaid:
            again.hear(received, alone=times >= _CAREFUL)
        if end is not None:
            again.finish(*end)

    def _leave_out(self, language: str, received: Received[Final], fault: BaseException) -> None:
        """What of it was not said becomes a caption marked as failed."""
        published, final = self._published[language], received.record
        left = _left(final, published.covered_ms)
        span = Stretch(left[0].start_ms, max(one.end_ms for one in left))
        source = joined((word.text[:MAX_WORD_CHARS] for word in left if isinstance(word, Word)), final.language)
        self._put(records.textless(final, published.next_index, language, span, source))
        metrics.SEGMENTS.labels(language).inc()
        metrics.LOSSES.labels(language, "untranslated").inc()
        self._set_aside([received], fault)

    def _put(self, record: Translation) -> None:
        self._publish(record)
        self._published[record.language].apply(record)

    def _note_sentence(self, received: Received[Final]) -> None:
        """Keep the finals from which a new lane can begin."""
        final = received.record
        if final.previous_mark:
            self._sentence.clear()
        texts = [word.text for word in final.words]
        ends = [count for count, pair in enumerate(pairwise(texts), 1) if ends_sentence(*pair)]
        if ends:
            self._sentence.clear()
            final = msgspec.structs.replace(final, words=final.words[ends[-1] :], previous_mark=None)
        if final.words:
            self._sentence.append(replace(received, record=final))


def _recent(at_ms: float, published: Published, wanted_for_ms: float) -> bool:
    """Whether words published then are for a lane that starts now, and that somebody has waited for so long."""
    return now_ms() - at_ms < wanted_for_ms + _RECENT_MS or at_ms - published.last_at_ms < _RECENT_MS


def _left(final: Final, covered_ms: float) -> Sequence[Word | Stretch]:
    """What of it no caption covers."""
    spans = (final.missing,) if final.missing else final.words
    return [span for span in spans if span.end_ms > covered_ms]
