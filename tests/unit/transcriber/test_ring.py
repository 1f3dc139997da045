"""The ring of unsettled audio: what a takeover would have to read again."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.contracts import Frame, Mark
from services.transcriber.ring import Ring
from tests.unit.transcriber.scripted import frame, received


def ring_of(count: int, *, fed: int) -> Ring:
    ring = Ring()
    for item in received(map(frame, range(count)), first_offset=100):
        ring.append(item)
    for _ in range(fed):
        ring.feed()
    return ring


def test_an_empty_ring_needs_nothing_read_again() -> None:
    assert Ring().oldest_offset is None
    assert Ring().at(0) is None


def test_only_what_was_fed_can_be_settled() -> None:
    ring = ring_of(4, fed=2)
    ring.settle_before(10_000)
    assert ring.oldest_offset == 102
    assert ring.next is not None
    assert ring.next.offset == 102


def test_a_frame_stays_while_some_of_it_is_not_settled() -> None:
    ring = ring_of(4, fed=4)
    ring.settle_before(999)
    assert ring.oldest_offset == 101
    ring.settle_before(1000)
    assert ring.oldest_offset == 102


def test_after_a_rewind_everything_held_is_fed_again() -> None:
    ring = ring_of(4, fed=4)
    ring.settle_before(500)
    ring.rewind()
    assert ring.next is not None
    assert ring.next.offset == 101


def test_a_word_is_found_in_the_frame_that_holds_its_end() -> None:
    ring = ring_of(4, fed=3)
    found = [ring.at(ms) for ms in (0, 500, 501, 1400, 9000)]
    assert [item.offset for item in found if item] == [100, 100, 101, 102, 102]


def test_what_waits_is_counted_in_milliseconds() -> None:
    assert ring_of(4, fed=1).unfed_ms == 1500
    assert ring_of(4, fed=4).unfed_ms == 0
    ring = ring_of(4, fed=4)
    ring.rewind()
    assert ring.unfed_ms == 2000
    (later,) = received([frame(40)], first_offset=104)
    ring.append(later)
    assert ring.unfed_ms == 2500


def context_of(ring: Ring) -> list[int]:
    return [frame.seq for frame in ring.context]


def test_what_goes_on_where_everything_was_settled_has_the_last_of_it_as_context() -> None:
    ring = Ring(context_ms=1000)
    for item in received(map(frame, range(5))):
        ring.append(item)
        if item.offset < 4:
            ring.feed()
    ring.settle_before(1500)
    ring.settle_fed()
    assert context_of(ring) == [2, 3]


def test_what_is_held_was_heard_itself_and_has_less_context() -> None:
    ring = Ring(context_ms=1000)
    for item in received(map(frame, range(5))):
        ring.append(item)
        ring.feed()
    ring.settle_before(2000)
    ring.rewind()
    assert context_of(ring) == [3]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([frame(3)], id="a gap"),
        pytest.param([frame(2, mark=Mark.PAUSE), frame(2)], id="a mark"),
        pytest.param([msgspec.structs.replace(frame(2), missing_samples=7)], id="audio that never came"),
    ],
)
def test_nothing_is_context_beyond(after: list[Frame]) -> None:
    ring = Ring(context_ms=1000)
    for item in received([frame(0), frame(1), *after]):
        ring.append(item)
    for _ in range(len(after) + 1):
        ring.feed()
    ring.settle_fed()
    assert context_of(ring) == []


def test_what_was_given_up_is_no_context() -> None:
    ring = Ring(context_ms=1000)
    for item in received(map(frame, range(3))):
        ring.append(item)
    ring.feed()
    ring.feed()
    ring.give_up_fed()
    assert context_of(ring) == []


@given(st.lists(st.sampled_from(["append", "feed", "rewind", "settle", "settle_fed"]), max_size=40))
def test_the_oldest_offset_never_goes_back_and_nothing_unfed_is_ever_lost(steps: list[str]) -> None:
    ring, appended, oldest = Ring(), 0, 0
    for step in steps:
        if step == "append":
            ring.append(received([frame(appended)], first_offset=appended)[0])
            appended += 1
        elif step == "feed" and ring.next is not None:
            ring.feed()
        elif step == "rewind":
            ring.rewind()
        elif step == "settle":
            ring.settle_before(appended * 250)
        elif step == "settle_fed":
            ring.settle_fed()
        waiting = appended if ring.oldest_offset is None else ring.oldest_offset
        assert waiting >= oldest
        assert ring.next is None or ring.next.offset >= waiting
        oldest = waiting
