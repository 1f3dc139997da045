"""Whether speech that a decode passed over is noticed, and what is made of it."""

from hypothesis import given
from hypothesis import strategies as st

from services.transcriber.local.coverage import Speech, filled, largest_gap
from services.transcriber.ports import HeardWord

WORD_MS = 400.0


def talk(count: int) -> tuple[HeardWord, ...]:
    """Words one after another, from 1000 ms on."""
    return tuple(HeardWord(f"w{at}", 1000 + at * WORD_MS, 1000 + (at + 1) * WORD_MS) for at in range(count))


def speech(*spans: tuple[float, float]) -> Speech:
    made = Speech()
    for start, end in spans:
        made.add(start, end)
    return made


def moved(word: HeardWord, by_ms: float) -> HeardWord:
    return HeardWord(word.text, word.start_ms + by_ms, word.end_ms + by_ms)


def lasting(word: HeardWord, start_ms: float, end_ms: float) -> HeardWord:
    return HeardWord(word.text, start_ms, end_ms)


@given(st.integers(1, 30), st.integers(0, 2000))
def test_where_every_word_was_heard_nothing_is_missing(count: int, silence_ms: int) -> None:
    words = talk(count)
    end = words[-1].end_ms
    late = lasting(words[-1], words[-1].start_ms, end + silence_ms)  # it lasts through the silence after it
    assert largest_gap((*words[:-1], late), speech((1000, end)), 0, end + silence_ms) is None


@given(st.integers(6, 30), st.data())
def test_words_passed_over_are_noticed_and_put_back_whichever_neighbour_took_their_time(
    count: int, data: st.DataObject
) -> None:
    words = talk(count)
    first = data.draw(st.integers(0, count - 6))
    last = data.draw(st.integers(first + 6, count))
    before, missing, after = words[:first], words[first:last], words[last:]
    if not before and not after:
        return
    stretched = data.draw(st.sampled_from(["neither", *(["before"] if before else []), *(["after"] if after else [])]))
    if stretched == "neither" and before and after:
        stretched = "before"  # Whisper's words have nothing between them
    if stretched == "before":
        before = (*before[:-1], lasting(before[-1], before[-1].start_ms, missing[-1].end_ms))
    elif stretched == "after":
        after = (lasting(after[0], missing[0].start_ms, after[0].end_ms), *after[1:])
    decoded = (*before, *after)
    gap = largest_gap(decoded, speech((1000, words[-1].end_ms)), 0, words[-1].end_ms)
    assert gap is not None
    assert gap.start_ms <= missing[0].end_ms
    assert gap.end_ms >= missing[-1].start_ms
    again = [word for word in words if word.end_ms > gap.start_ms - 1000 and word.start_ms < gap.end_ms + 200]
    assert filled(decoded, gap, again) == words
    more = [moved(word, data.draw(st.floats(-190, 190))) for word in again]
    assert [word.text for word in filled(decoded, gap, more)] == [word.text for word in words]


def test_a_word_beside_the_gap_that_a_second_decode_hears_within_it_is_said_once() -> None:
    words = talk(10)
    decoded = (lasting(words[7], 1000, words[7].end_ms), *words[8:])
    gap = largest_gap(decoded, speech((1000, 5000)), 0, 5000)
    assert gap is not None
    early = lasting(words[8], words[8].start_ms - 450, words[8].end_ms - 10)
    assert filled(decoded, gap, (*words[:8], early)) == words


def test_a_word_that_is_said_twice_where_the_gap_ends_is_said_twice() -> None:
    words = talk(10)
    words = (*words[:7], lasting(words[8], words[7].start_ms, words[7].end_ms), *words[8:])
    decoded = (lasting(words[7], 1000, words[7].end_ms), *words[8:])
    gap = largest_gap(decoded, speech((1000, 5000)), 0, 5000)
    assert gap is not None
    assert filled(decoded, gap, words[:9]) == words
    assert filled(decoded, gap, words[:8]) == words


def test_only_what_is_not_final_counts() -> None:
    words = talk(20)[10:]
    whole = speech((1000, 9000))
    assert largest_gap(words, whole, 0, 9000) is not None
    assert largest_gap(words, whole, words[0].start_ms - 1000, 9000) is None


def test_no_word_at_all_is_noise() -> None:
    assert largest_gap((), speech((0, 9000)), 0, 9000) is None


def test_where_a_second_decode_hears_nothing_the_words_stay() -> None:
    words = (HeardWord("well", 0, 4000), HeardWord("then", 4000, 4400))
    gap = largest_gap(words, speech((0, 4400)), 0, 4400)
    assert gap is not None
    assert filled(words, gap, ()) == words


def test_what_is_forgotten_is_no_speech_any_more() -> None:
    made = speech((0, 500), (500, 1000), (2000, 3000))
    assert made.between(0, 9000) == 2000
    made.forget(1500)
    assert made.between(0, 9000) == 1000


def test_a_single_word_that_was_passed_over_with_those_before_the_start_is_noticed() -> None:
    known, swallowed, after = (
        HeardWord("the", 7600, 8000),
        HeardWord("world", 8000, 8500),
        HeardWord("Babylon", 9000, 9700),
    )
    decoded = (lasting(after, 3000, 9700), HeardWord("even", 9700, 10_000))
    heard = speech((3000, 8500), (9000, 10_000))
    gap = largest_gap(decoded, heard, known.end_ms, 10_000)
    assert gap is not None
    assert filled(decoded, gap, (known, swallowed, after)) == (known, swallowed, after, decoded[1])
    moved = HeardWord("Babylon,", 8500, 9100)
    assert filled(decoded, gap, (known, swallowed, moved)) == (known, swallowed, moved, decoded[1])
    without = [word.text for word in filled(decoded, gap, (known, swallowed))]
    assert without == ["the", "world", "Babylon", "even"]


def test_a_word_after_a_pause_that_took_the_time_of_known_ones_is_all_there_is() -> None:
    decoded = (HeardWord("Babylon", 3000, 9700), HeardWord("even", 9700, 10_000))
    assert largest_gap(decoded, speech((3000, 8000), (9000, 10_000)), 8000, 10_000) is None


@given(st.floats(0, 3000), st.floats(32, 1400))
def test_what_is_said_last_after_a_pause_is_missed_where_nothing_follows(pause_ms: float, said_ms: float) -> None:
    words = talk(4)
    onset = words[-1].end_ms + pause_ms
    heard = speech((1000, words[-1].end_ms), (onset, onset + said_ms))
    gap = largest_gap(words, heard, 0, onset + said_ms, ends=True)
    assert (gap is not None) == (pause_ms >= 300 and said_ms > 500)
    assert largest_gap(words, heard, 0, onset + said_ms) is None
    if gap is not None:
        more = (words[-1], lasting(HeardWord("yes", 0, 0), onset, onset + said_ms))
        assert filled(words, gap, more) == (*words, more[-1])
        assert filled(words, gap, ()) == words
