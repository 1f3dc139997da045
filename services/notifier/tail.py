"""What was said lately in one language of a session, and how far each listener is in it. Pure.

Listeners have no queues of their own: each has a cursor into the tail that they share. So a slow listener holds
nothing but its place, and what it hasn't been given yet is bounded by the tail.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.common.contracts import Caption, SentenceMark, Speech
from services.common.topics import Headers

HISTORY = 3
"""Captions from before it came that a new listener is shown."""
FRESH_MS = 10_000.0
"""A new listener is also given the latest clip if it was published no longer ago than this."""


N = TypeVar("N", Caption, Speech)


@dataclass(slots=True, eq=False)
class Notice(Generic[N]):
    """A caption or a speech to tell listeners, and its form on the wire, shared by those who are told together."""

    record: N
    read_at_ms: float
    wire: bytes = b""
    wire_at_ms: float = float("-inf")
    headers: Headers = ()
    """Of its record in Kafka."""
    announced: bool = False
    """Whether a listener who was there when it came has it."""

    def unwire(self) -> None:
        """Forget the form on the wire."""
        self.wire = b""
        self.wire_at_ms = float("-inf")


AnyNotice = Notice[Caption] | Notice[Speech]


@dataclass(slots=True, eq=False)
class Segment:
    """One index: the caption, and the speech once it is there."""

    caption: Notice[Caption]
    speech: Notice[Speech] | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Indexes, both included, that a resuming listener lacks because the tail no longer has them."""

    first: int
    last: int


class FellBehind(Exception):
    """The listener hasn't been given what has left the tail already: it must join again."""


class Tail:
    """The latest segments of one session and language; an index is kept with all after it, or not at all."""

    def __init__(self, limit: int) -> None:
        """limit: segments kept at most."""
        self._limit = limit
        self._segments: deque[Segment] = deque()
        self.first = 0
        """Oldest index kept, or the next one."""
        self.known = False
        """Whether any caption has come: until then it is not known which index is next."""
        self.next_speech = 0
        """Speech of lower indexes has come, or never will."""
        self.segments: int | None = None
        """How many there are in all, once the last one has come."""
        self.last_mark: SentenceMark = ""
        """Mark to append to the last caption; decided when the lane finished."""

    @property
    def next_index(self) -> int:
        """The first index whose caption has not come yet."""
        return self.first + len(self._segments)

    def __getitem__(self, index: int) -> Segment:
        return self._segments[index - self.first]

    @property
    def end_ms(self) -> float:
        """Floor time at which the last span ends; minus infinity where none is kept."""
        return self._segments[-1].caption.record.end_ms if self._segments else -math.inf

    def reaches(self, floor_ms: float) -> bool:
        """Whether captions do, and all speech has come that they promise."""
        speechless = (one.caption.record.spoken for one in self._segments if one.speech is None)
        return self.end_ms >= floor_ms and not any(speechless)

    def ending_after(self, floor_ms: float) -> int:
        """The first index kept whose span ends later than this; the next one where there is none."""
        spans = enumerate(self._segments, self.first)
        return next((index for index, one in spans if one.caption.record.end_ms > floor_ms), self.next_index)

    def add_caption(self, notice: Notice[Caption]) -> bool:
        """False, and nothing happens, where this index has been here before."""
        index = notice.record.index
        if self.known and index < self.next_index:
            return False
        if index != self.next_index:
            self._segments.clear()
            self.first = index
        self.known = True
        self._segments.append(Segment(notice))
        while len(self._segments) > self._limit:
            self._drop_oldest()
        return True

    def add_speech(self, notice: Notice[Speech]) -> bool:
        """False, and nothing happens, where it has been here before or its caption is not kept."""
        index = notice.record.index
        if not max(self.first, self.next_speech) <= index < self.next_index:
            return False
        self[index].speech = notice
        self.next_speech = index + 1
        return True

    def finish(self, segments: int, last_mark: SentenceMark = "") -> None:
        """No further segment will come."""
        self.segments = segments
        self.last_mark = last_mark

    def forget_through(self, index: int) -> None:
        """Drop segments up to this index."""
        while self._segments and self.first <= index:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._segments.popleft()
        self.first += 1


class Cursor:
    """One listener's place in a tail: each index at most once, in order, without gaps, a caption before its speech."""

    def __init__(
        self, tail: Tail, *, caption: int | None, speech: int, history_until: int, gap: Gap | None, audio: bool
    ) -> None:
        self._tail = tail
        self._caption = caption
        self._speech = speech
        self._history_until = history_until
        self._audio = audio
        self.gap = gap

    @classmethod
    def resume(cls, tail: Tail, after: int, audio: bool) -> "Cursor":
        """Everything later than index ``after``; ``gap`` tells what of it is no longer there."""
        wanted = after + 1
        first = max(wanted, tail.first) if tail.known else wanted
        gap = Gap(wanted, first - 1) if first > wanted else None
        return cls(tail, caption=first, speech=first, history_until=0, gap=gap, audio=audio)

    @classmethod
    def join(cls, tail: Tail, now_ms: float, audio: bool, from_ms: float | None = None) -> "Cursor":
        """The last few captions as history, the latest clip while it is fresh, then what comes.

        from_ms: floor audio up to here was heard in another language, so all that ends later is given, clips too.
        """
        if not tail.known:
            return cls(tail, caption=None, speech=0, history_until=0, gap=None, audio=audio)
        first = max(tail.first, tail.next_index - HISTORY)
        if from_ms is not None:
            speech = tail.ending_after(from_ms)
            first = min(first, speech)
        else:
            speech = tail.next_speech
            latest = tail[speech - 1].speech if speech > first else None
            if latest is not None and now_ms - latest.record.published_at_ms < FRESH_MS:
                speech -= 1
        return cls(
            tail,
            caption=first,
            speech=max(speech, first),
            history_until=tail.next_index,
            gap=None,
            audio=audio,
        )

    @property
    def next_index(self) -> int:
        """Index of the next caption; 0 while that isn't known."""
        return self._caption or 0

    @property
    def next_speech(self) -> int | None:
        """The first index whose speech may still come, of captions that are history too; None: none is wanted."""
        return self._speech if self._audio else None

    def is_history(self, notice: AnyNotice) -> bool:
        """Whether it is a caption from before this listener came."""
        return isinstance(notice.record, Caption) and notice.record.index < self._history_until

    def take(self) -> AnyNotice | None:
        """The next thing to send; None: nothing yet. Raises FellBehind."""
        tail = self._tail
        if self._caption is None:
            if not tail.known:
                return None
            self._caption = self._speech = tail.first
        if self._caption < tail.first:
            raise FellBehind
        if (speech := self._take_speech(self._caption)) is not None:
            return speech
        if self._caption >= tail.next_index:
            return None
        self._caption += 1
        return tail[self._caption - 1].caption

    def _take_speech(self, before: int) -> AnyNotice | None:
        """Speech of a caption that was sent already, so it goes before the next caption."""
        if not self._audio:
            return None
        self._speech = max(self._speech, self._tail.first)
        while self._speech < min(before, self._tail.next_speech):
            speech = self._tail[self._speech].speech
            self._speech += 1
            if speech is not None:
                return speech
        return None
