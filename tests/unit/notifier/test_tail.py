"""Whatever the order of publishing, joining, resuming and reading: each index once, in order, without gaps."""

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.common.contracts import Caption
from services.notifier.tail import FRESH_MS, HISTORY, AnyNotice, Cursor, FellBehind, Gap, Notice, Tail
from tests.unit.notifier.records import caption, speech

LIMIT = 8


@dataclass
class Reader:
    """A listener, and what it was given."""

    cursor: Cursor
    audio: bool
    after: int | None
    published: int
    """Captions that there were when it came."""
    captions: list[int] = field(default_factory=list)
    speeches: list[int] = field(default_factory=list)
    fell: bool = False

    def read(self, most: int) -> bool:
        """False: there was less."""
        for _ in range(most):
            try:
                notice = self.cursor.take()
            except FellBehind:
                self.fell = True
                return False
            if notice is None:
                return False
            if isinstance(notice.record, Caption):
                assert self.cursor.is_history(notice) == (self.after is None and notice.record.index < self.published)
                self.captions.append(notice.record.index)
            else:
                assert notice.record.index in self.captions
                self.speeches.append(notice.record.index)
        return True


class TailMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.tail = Tail(LIMIT)
        self.spoken: list[bool] = []
        self.speech_at = 0
        self.readers: list[Reader] = []

    @rule(spoken=st.booleans())
    def publish_caption(self, spoken: bool) -> None:
        assert self.tail.add_caption(Notice(caption(len(self.spoken), spoken=spoken), 0.0))
        self.spoken.append(spoken)

    @rule()
    def publish_speech(self) -> None:
        waiting = [index for index in range(self.speech_at, len(self.spoken)) if self.spoken[index]]
        if waiting:
            assert self.tail.add_speech(Notice(speech(waiting[0]), 0.0)) == (waiting[0] >= self.tail.first)
            self.speech_at = waiting[0] + 1

    @precondition(lambda self: self.spoken)
    @rule(data=st.data())
    def publish_again(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.spoken) - 1))
        assert not self.tail.add_caption(Notice(caption(index), 0.0))
        if index < self.speech_at:
            assert not self.tail.add_speech(Notice(speech(index), 0.0))

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        self.tail.forget_through(data.draw(st.integers(-1, len(self.spoken))))

    @rule(audio=st.booleans(), now=st.sampled_from([0.0, FRESH_MS * 2]))
    def join(self, audio: bool, now: float) -> None:
        cursor = Cursor.join(self.tail, now, audio)
        self.readers.append(Reader(cursor, audio, None, len(self.spoken)))

    @rule(audio=st.booleans(), data=st.data())
    def resume(self, audio: bool, data: st.DataObject) -> None:
        after = data.draw(st.integers(-1, len(self.spoken)))
        cursor = Cursor.resume(self.tail, after, audio)
        self.readers.append(Reader(cursor, audio, after, len(self.spoken)))

    @precondition(lambda self: self.readers)
    @rule(data=st.data(), most=st.integers(1, 4))
    def read(self, data: st.DataObject, most: int) -> None:
        data.draw(st.sampled_from(self.readers)).read(most)

    @invariant()
    def each_index_once_in_order_without_gaps(self) -> None:
        for reader in self.readers:
            if reader.captions:
                first = reader.captions[0]
                assert reader.captions == list(range(first, first + len(reader.captions)))
                if reader.after is not None:
                    gap = reader.cursor.gap
                    assert first == (gap.last if gap else reader.after) + 1
            assert reader.speeches == sorted(set(reader.speeches))
            assert all(self.spoken[index] for index in reader.speeches)
            assert reader.audio or not reader.speeches

    @invariant()
    def the_tail_is_bounded(self) -> None:
        assert self.tail.next_index - self.tail.first <= LIMIT

    def teardown(self) -> None:
        """Who reads everything gets everything."""
        for reader in self.readers:
            while reader.read(10):
                pass
            if reader.fell:
                continue
            self.each_index_once_in_order_without_gaps()
            if reader.captions:
                assert reader.captions[-1] == len(self.spoken) - 1
            if reader.after is not None and reader.audio and reader.captions:
                kept = [i for i in reader.captions if i >= self.tail.first and self.spoken[i] and i < self.speech_at]
                assert set(kept) <= set(reader.speeches)


TestTail = TailMachine.TestCase


def drain(cursor: Cursor) -> list[tuple[str, int]]:
    taken: list[tuple[str, int]] = []
    while (notice := cursor.take()) is not None:
        taken.append((_kind(notice), notice.record.index))
    return taken


def _kind(notice: AnyNotice) -> str:
    return "caption" if isinstance(notice.record, Caption) else "speech"


def filled(captions: int, speeches: int, at: float = 0.0) -> Tail:
    tail = Tail(100)
    for index in range(captions):
        tail.add_caption(Notice(caption(index, at=at), at))
    for index in range(speeches):
        tail.add_speech(Notice(speech(index, at=at), at))
    return tail


def test_a_late_listener_gets_the_last_captions_and_the_latest_clip_while_it_is_fresh() -> None:
    cursor = Cursor.join(filled(10, 9, at=1_000.0), 1_000.0 + FRESH_MS - 1, audio=True)
    assert (cursor.next_index, cursor.next_speech) == (10 - HISTORY, 8)
    assert drain(cursor) == [("caption", 7), ("caption", 8), ("speech", 8), ("caption", 9)]


def test_a_late_listener_is_not_given_a_clip_that_is_old() -> None:
    tail = filled(10, 10, at=1_000.0)
    cursor = Cursor.join(tail, 1_000.0 + FRESH_MS, audio=True)
    assert cursor.next_speech == 10
    assert drain(cursor) == [("caption", 7), ("caption", 8), ("caption", 9)]
    tail.add_caption(Notice(caption(10), 0.0))
    tail.add_speech(Notice(speech(10), 0.0))
    assert drain(cursor) == [("caption", 10), ("speech", 10)]


def test_the_speech_of_captions_that_are_history_may_still_come() -> None:
    tail = filled(10, 8, at=1_000.0)
    cursor = Cursor.join(tail, 1_000.0 + FRESH_MS, audio=True)
    assert cursor.next_speech == 8
    assert drain(cursor) == [("caption", 7), ("caption", 8), ("caption", 9)]
    tail.add_speech(Notice(speech(8), 0.0))
    assert drain(cursor) == [("speech", 8)]
    assert Cursor.join(tail, 0.0, audio=False).next_speech is None


def test_who_comes_from_another_language_goes_on_where_that_was_left() -> None:
    """Segment i spans the second from i to i + 1."""
    cursor = Cursor.join(filled(10, 9), 1e9, audio=True, from_ms=4_500.0)
    came = drain(cursor)
    assert [index for kind, index in came if kind == "caption"] == [4, 5, 6, 7, 8, 9]
    assert [index for kind, index in came if kind == "speech"] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("from_ms", [10_000.0, 99_000.0])
def test_who_has_heard_it_all_in_another_language_sees_the_last_captions_and_hears_what_comes(from_ms: float) -> None:
    tail = filled(10, 10)
    cursor = Cursor.join(tail, 0.0, audio=True, from_ms=from_ms)
    assert drain(cursor) == [("caption", 7), ("caption", 8), ("caption", 9)]
    tail.add_caption(Notice(caption(10), 0.0))
    tail.add_speech(Notice(speech(10), 0.0))
    assert drain(cursor) == [("caption", 10), ("speech", 10)]


def test_a_resuming_listener_gets_what_it_has_not_heard_and_learns_what_is_gone() -> None:
    tail = filled(10, 10)
    tail.forget_through(5)
    cursor = Cursor.resume(tail, 3, audio=True)
    assert cursor.gap == Gap(4, 5)
    assert cursor.next_speech == 6
    assert drain(cursor)[:3] == [("caption", 6), ("speech", 6), ("caption", 7)]
    assert Cursor.resume(tail, 6, audio=True).gap is None


def test_a_listener_that_lost_its_place_must_join_again() -> None:
    tail = filled(10, 0)
    cursor = Cursor.resume(tail, -1, audio=True)
    tail.forget_through(2)
    with pytest.raises(FellBehind):
        cursor.take()


def test_a_missing_index_ends_what_was_before_it() -> None:
    tail = filled(3, 0)
    cursor = Cursor.resume(tail, 1, audio=False)
    tail.add_caption(Notice(caption(7), 0.0))
    with pytest.raises(FellBehind):
        cursor.take()
    assert Cursor.resume(tail, 1, audio=False).gap == Gap(2, 6)


def test_speech_goes_before_the_next_caption() -> None:
    tail = filled(2, 1)
    assert drain(Cursor.resume(tail, -1, audio=True)) == [("caption", 0), ("speech", 0), ("caption", 1)]


def test_captions_without_a_voice_wait_for_no_speech() -> None:
    tail = Tail(100)
    for index, spoken in enumerate([True, False, True]):
        tail.add_caption(Notice(caption(index, spoken=spoken), 0.0))
    cursor = Cursor.resume(tail, -1, audio=True)
    assert drain(cursor) == [("caption", 0), ("caption", 1), ("caption", 2)]
    tail.add_speech(Notice(speech(0), 0.0))
    tail.add_speech(Notice(speech(2), 0.0))
    assert drain(cursor) == [("speech", 0), ("speech", 2)]
