"""One session: its finals go to a lane for each language that somebody listens to."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import structlog

from services.common.audience import AudienceView
from services.common.clock import now_ms
from services.common.contracts import Final, Finished, LaneFinished, Translation
from services.common.languages import LANGUAGES
from services.common.topics import Headers
from services.translator.chunker import Chunker
from services.translator.engines import Engines
from services.translator.lane import Lane, LaneContext, LanePolicy
from services.translator.published import Published
from services.translator.sentences import Sentences, ends_sentence

log = structlog.get_logger(__name__)

_HISTORY = 60
"""Finals of an open sentence that a new lane may begin with."""
_RECENT_MS = 120_000
"""After a takeover, finals may be replayed from long before a listener came. A lane takes only those that are not
older than this, unless its own last caption is not older than this either: then it was running and goes on."""

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
    linger_ms: float
    """A lane stops when nobody has listened for so long."""
    clock: Callable[[], float]
    """Steady ms, as the audience's."""
    traced: Callable[[Translation], Headers]
    """Traces a record that is to be published, and gives the headers that carry the trace on."""


@dataclass(frozen=True)
class _Past:
    offset: int
    final: Final
    read_at_ms: float


class Session:
    """Not thread-safe; everything but the lanes' own tasks happens in synchronous steps."""

    def __init__(
        self,
        session_id: str,
        workshop: Workshop,
        publish: Callable[[Translation], None],
        lane_ended: Callable[[], None],
        start: Callable[[Lane], None],
    ) -> None:
        """publish: into the outbox. lane_ended: told of each lane that has. start: run the lane's tasks."""
        self._id = session_id
        self._workshop = workshop
        self._publish, self._lane_ended, self._start = publish, lane_ended, start
        self._lanes: dict[str, Lane] = {}
        self._published: dict[str, Published] = defaultdict(Published)
        self._sentence: deque[_Past] = deque(maxlen=_HISTORY)
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

    def hear(self, offset: int, final: Final, read_at_ms: float) -> None:
        """Take the next final in: start lanes that are wanted, then give it to all.

        One that lies there twice, since it was put back, is passed over.
        """
        if final.index <= self._heard:
            return
        self._heard = final.index
        self._source = final.language
        self.follow_audience(final.published_at_ms)
        for lane in self._lanes.values():
            lane.hear(offset, final, read_at_ms)
        self._note_sentence(offset, final, read_at_ms)

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
        """Start lanes that somebody listens to, or did a moment ago (through a notifier that restarts while this task
        takes over, say); retire those that nobody has listened to for a while.

        at_ms: when the words to come were published (wall clock); None: they have yet to be.
        """
        if self._finished:
            return
        now = self._workshop.clock()
        wanted = {
            language
            for language, count in self._workshop.audience.languages(self._id).items()
            if count.listeners or count.last_known_ms > now - self._workshop.linger_ms
        }
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
        if published.finished or not self._recent(at_ms, published):
            return
        if self._source and language not in self._workshop.engines.translator.targets(self._source):
            log.error("language_not_translated", session=self._id, language=language, remedy=_REMEDY)
        lane = self._open_lane(language)
        for past in self._sentence:
            if self._recent(past.final.published_at_ms, published):
                lane.hear(past.offset, past.final, past.read_at_ms)

    def _recent(self, at_ms: float, published: Published) -> bool:
        """Whether words published then are for a lane that starts now."""
        return now_ms() - at_ms < _RECENT_MS or at_ms - published.last_at_ms < _RECENT_MS

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
                listeners=lambda: self._workshop.audience.of(self._id, language),
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

    def _put(self, record: LaneFinished) -> None:
        self._publish(record)
        self._published[record.language].apply(record)

    def _note_sentence(self, offset: int, final: Final, read_at_ms: float) -> None:
        """Keep the finals from which a new lane can begin."""
        if final.previous_mark:
            self._sentence.clear()
        texts = [word.text for word in final.words]
        ends = [count for count, pair in enumerate(pairwise(texts), 1) if ends_sentence(*pair)]
        if ends:
            self._sentence.clear()
            final = msgspec.structs.replace(final, words=final.words[ends[-1] :], previous_mark=None)
        if final.words:
            self._sentence.append(_Past(offset, final, read_at_ms))
