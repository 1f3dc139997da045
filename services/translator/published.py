"""How far a lane is: built from its own published records, and kept up to date by the ones it publishes."""

import math
from collections import deque

from services.common.contracts import Caption, LaneFinished, Speech, Translation
from services.translator.sentences import Said

DELIVERY_MS = 40.0
"""From a clip's record to a listener's ear: notice, fetch, decode."""
_REMEMBERED = 64
"""Captions: more than a sentence ever has, since sentences are cut at a length."""


class Published:
    """What is known of one (session, language) from its records in ``translations``."""

    def __init__(self) -> None:
        self.next_index = 0
        self.covered_ms = -math.inf
        """Floor audio up to here is in captions."""
        self.last_at_ms = 0.0
        """When the last caption was published, wall clock."""
        self._left_ms = 0.0
        """Speech that a listener who misses nothing had to hear when the last clip came, that one included."""
        self._left_at_ms = 0.0
        """When that was, wall clock."""
        self.finished = False
        self.said: deque[Said] = deque(maxlen=_REMEMBERED)
        self.speechless: deque[Caption] = deque()
        """Captions to be spoken whose speech is not out, oldest first."""

    def apply(self, record: Translation) -> None:
        """Take the lane's next record into account. A caption that lies there twice, since it was put back, is none."""
        match record:
            case Caption() if record.index >= self.next_index:
                self.next_index = record.index + 1
                self.covered_ms = record.end_ms
                self.last_at_ms = record.published_at_ms
                if not record.missing_ms:
                    self.said.append(Said(record.start_ms, record.end_ms, record.text))
                if record.spoken:
                    self.speechless.append(record)
            case Speech():
                if self.speechless and self.speechless[0].index == record.index:
                    self.speechless.popleft()  # else its caption is older than what Kafka keeps
                if record.key:
                    at_ms = record.published_at_ms + DELIVERY_MS
                    self._left_ms = self.backlog_ms(at_ms) + record.duration_ms
                    self._left_at_ms = at_ms
            case LaneFinished():
                self.finished = True
                self.said.clear()

    def backlog_ms(self, now_ms: float) -> float:
        """How much speech is still to be heard at this time of the wall clock. The clock may have been set since the
        last clip, or another one's: then it is at most what there was then."""
        return max(0.0, self._left_ms - max(0.0, now_ms - self._left_at_ms))

    @property
    def done_ms(self) -> float:
        """Floor audio up to here needs nothing more: captions are out, and speech where it belongs."""
        return self.speechless[0].start_ms if self.speechless else self.covered_ms
