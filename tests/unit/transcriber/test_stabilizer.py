"""Single decisions of the stabilizer."""

import pytest

from services.common.contracts import Boundary, Final, Word
from services.transcriber.ports import HeardWord, Hypothesis
from services.transcriber.stabilizer import Decision, Run, Stabilizer, Transcribed

WORD_MS = 400.0


def heard(
    text: str, *, from_ms: float = 0.0, endpoint: bool = False, quiet: bool = False, stable: bool | None = None
) -> Hypothesis:
    """A hypothesis of these words, one after another."""
    words = tuple(
        HeardWord(word, from_ms + place * WORD_MS, from_ms + (place + 1) * WORD_MS, stable)
        for place, word in enumerate(text.split())
    )
    heard_ms = from_ms + (len(words) + 1) * WORD_MS
    return Hypothesis(words=words, heard_ms=heard_ms, endpoint=endpoint, quiet=quiet)


def text(decision: Decision) -> list[str]:
    return [" ".join(word.text for word in final.words) for final in decision.finals]


def only(decision: Decision) -> Run:
    (final,) = decision.finals
    return final


def test_words_are_final_once_two_hypotheses_agree_and_the_last_one_is_not() -> None:
    stabilizer = Stabilizer()
    assert text(stabilizer.hear(heard("the cat sat"))) == []
    decision = stabilizer.hear(heard("The cat, sat on"))
    assert text(decision) == ["The cat, sat"]
    assert [word.text for word in decision.partial] == ["on"]


def test_words_on_which_the_hypotheses_differ_wait() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("the cat sat on"))
    assert text(stabilizer.hear(heard("the hat sat on"))) == ["the"]
    assert text(stabilizer.hear(heard("the hat sat on it"))) == ["hat sat on"]


def test_an_endpoint_makes_all_words_final() -> None:
    final = only(Stabilizer().hear(heard("good morning", endpoint=True)))
    assert [word.text for word in final.words] == ["good", "morning"]
    assert final.ends is Boundary.PAUSE


def test_an_engine_that_marks_stable_words_is_believed_at_once() -> None:
    assert text(Stabilizer().hear(heard("good morning", stable=True))) == ["good morning"]
    assert text(Stabilizer().hear(heard("good morning", stable=False))) == []


def test_words_that_the_engine_is_sure_of_do_not_wait_for_those_it_says_nothing_of() -> None:
    stabilizer = Stabilizer()
    sure, open_ended = heard("the cat", stable=True), heard("sat on it", from_ms=2 * WORD_MS)
    both = Hypothesis(words=sure.words + open_ended.words, heard_ms=open_ended.heard_ms)
    assert text(stabilizer.hear(both)) == ["the cat"]
    assert text(stabilizer.hear(both)) == ["sat on"]


@pytest.mark.parametrize(
    ("words", "ends"),
    [("so it is", Boundary.NONE), ("so it is,", Boundary.CLAUSE), ("so it is.", Boundary.SENTENCE)],
)
def test_a_final_says_how_it_ends(words: str, ends: Boundary) -> None:
    assert only(Stabilizer().hear(heard(words, stable=True))).ends is ends


def test_the_last_word_comes_without_its_sentence_mark_and_the_next_final_brings_it() -> None:
    stabilizer = Stabilizer()
    assert text(stabilizer.hear(heard("is it so?", endpoint=True))) == ["is it so"]
    final = only(stabilizer.hear(heard("is it so? Then go.", endpoint=True)))
    assert [word.text for word in final.words] == ["Then", "go"]
    assert final.previous_mark == "?"


def test_the_first_final_brings_no_mark() -> None:
    assert only(Stabilizer().hear(heard("so", endpoint=True))).previous_mark is None


def test_a_word_in_lower_case_takes_the_mark_back() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("the roofs.", endpoint=True))
    assert only(stabilizer.hear(heard("were tight", from_ms=1000, endpoint=True))).previous_mark == ""


def test_a_mark_that_is_gone_when_the_word_is_heard_again_is_taken_back_even_before_a_name() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("we saw.", endpoint=True))
    assert only(stabilizer.hear(heard("we saw Lisbon", endpoint=True))).previous_mark == ""


def test_a_mark_stays_before_a_word_that_could_begin_a_sentence() -> None:
    for following in ("I", "Lisbon", "9", "¿Qué"):
        stabilizer = Stabilizer()
        stabilizer.hear(heard("we saw.", endpoint=True))
        assert only(stabilizer.hear(heard(following, from_ms=900, endpoint=True))).previous_mark == "."


def test_a_mark_found_only_when_the_word_is_heard_again_is_published() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("that is all", stable=True))
    assert only(stabilizer.hear(heard("that is all. Then", endpoint=True))).previous_mark == "."


def test_an_endpoint_without_new_words_leaves_its_mark_to_the_next_final() -> None:
    stabilizer = Stabilizer()
    assert text(stabilizer.hear(heard("is it so", stable=True))) == ["is it so"]
    assert stabilizer.hear(heard("is it so?", endpoint=True)) == Decision()
    assert only(stabilizer.hear(heard("Then go", from_ms=4000, endpoint=True))).previous_mark == "?"


def test_an_endpoint_without_new_words_takes_back_a_mark_that_is_gone() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("we saw.", stable=True))
    assert stabilizer.hear(heard("we saw", endpoint=True)) == Decision()
    assert only(stabilizer.hear(heard("Lisbon", from_ms=4000, endpoint=True))).previous_mark == ""


def test_a_clauses_comma_does_not_become_a_full_stop() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("that is all,", stable=True))
    assert only(stabilizer.hear(heard("that is all. Then", endpoint=True))).previous_mark is None


def test_a_long_silence_brings_the_open_mark_with_an_empty_final_once() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("is it so?", endpoint=True))
    final = only(stabilizer.hear(heard("", quiet=True)))
    assert (final.index, final.words, final.previous_mark) == (1, (), "?")
    assert stabilizer.hear(heard("", quiet=True)) == Decision()
    assert only(stabilizer.hear(heard("Then", from_ms=9000, endpoint=True))).previous_mark is None


def test_a_last_hypothesis_brings_its_words_and_its_own_mark() -> None:
    words, mark = Stabilizer().hear(heard("goodbye!", endpoint=True, quiet=True)).finals
    assert [word.text for word in words.words] == ["goodbye"]
    assert mark.previous_mark == "!"


def test_words_already_final_are_recognized_although_their_times_moved() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("one two three", endpoint=True))
    assert text(stabilizer.hear(heard("two three four", from_ms=600, endpoint=True))) == ["four"]


def test_a_final_word_that_is_heard_differently_now_is_not_said_twice() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("one two tree", endpoint=True))
    assert text(stabilizer.hear(heard("one two three four", endpoint=True))) == ["four"]


def test_a_final_word_that_a_pause_makes_longer_the_next_time_is_not_said_twice() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("to the country", endpoint=True))
    longer = Hypothesis(
        words=(HeardWord("the", 400, 800), HeardWord("country", 800, 2430)), heard_ms=2500, endpoint=True
    )
    assert text(stabilizer.hear(longer)) == []


def test_a_final_word_that_is_not_heard_again_does_not_cost_the_next_one() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("of the ancient world", endpoint=True))
    without = Hypothesis(
        words=(HeardWord("ancient", 800, 1150), HeardWord("Babylon", 1500, 1750)), heard_ms=1800, endpoint=True
    )
    assert text(stabilizer.hear(without)) == ["Babylon"]


@pytest.mark.parametrize(
    ("first", "new"), [("Babylon,", "Babylon, even in"), ("world.", "even in"), ("word.", "even in")]
)
def test_where_most_of_what_was_final_is_passed_over_the_first_word_is_new_unless_it_ends_with_the_last(
    first: str, new: str
) -> None:
    """It begins where the audio does, long before it was said."""
    stabilizer = Stabilizer()
    stabilizer.hear(heard("of the seven wonders of the world", from_ms=11_000, endpoint=True))
    last_ms = stabilizer.transcribed.end_ms
    ends_ms = last_ms + (1_000 if first != "word." else 200)
    without = Hypothesis(
        words=(
            HeardWord(first, 8_000, ends_ms),
            HeardWord("even", ends_ms, ends_ms + 300),
            HeardWord("in", ends_ms + 300, ends_ms + 500),
        ),
        heard_ms=ends_ms + 600,
        endpoint=True,
    )
    assert text(stabilizer.hear(without)) == [new]


@pytest.mark.parametrize("pause_ms", [0, 600, 1800])
@pytest.mark.parametrize(("first", "second", "as_one"), [("space", "flight", "spaceflight"), ("set", "up,", "Setup,")])
def test_two_final_words_that_are_heard_as_one_later_are_known_however_long_a_pause_makes_it(
    first: str, second: str, as_one: str, pause_ms: float
) -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard(f"in an age when {first} {second}", endpoint=True))
    *_, before, _, end = stabilizer.transcribed.words
    again = Hypothesis(
        words=(
            HeardWord("when", before.start_ms, before.end_ms),
            HeardWord(as_one, before.end_ms, end.end_ms + pause_ms),
            HeardWord("has", end.end_ms + pause_ms, end.end_ms + pause_ms + 300),
        ),
        heard_ms=end.end_ms + pause_ms + 400,
        endpoint=True,
    )
    assert text(stabilizer.hear(again)) == ["has"]


@pytest.mark.parametrize(
    ("last", "as_one", "new"),
    [
        ("space", "spaceflight", ["flight has"]),
        ("Space,", "spaceflight,", ["flight, has"]),
        ("astronaut", "astronauts", ["has"]),
        ("the", "theatre", ["has"]),
        ("space", "spice", ["has"]),
    ],
)
def test_the_rest_of_a_word_whose_beginning_is_final_is_new_if_it_is_a_word(
    last: str, as_one: str, new: list[str]
) -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard(f"an age when {last}", endpoint=True))
    joined = Hypothesis(
        words=(
            HeardWord("age", 400, 800),
            HeardWord("when", 800, 1200),
            HeardWord(as_one, 1200, 2000),
            HeardWord("has", 2000, 2300),
        ),
        heard_ms=2400,
        endpoint=True,
    )
    assert text(stabilizer.hear(joined)) == new
    again = Hypothesis(words=(*joined.words, HeardWord("come", 2300, 2600)), heard_ms=2700, endpoint=True)
    assert text(stabilizer.hear(again)) == ["come"]


def test_a_word_said_three_times_is_final_three_times() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("I said no", endpoint=True))
    assert text(stabilizer.hear(heard("I said no no no", endpoint=True))) == ["no no"]
    moved = heard("I said no no no never", from_ms=-300, endpoint=True)
    assert text(stabilizer.hear(moved)) == ["never"]


def test_where_no_word_is_known_again_time_decides() -> None:
    stabilizer = Stabilizer()
    stabilizer.hear(heard("alpha beta", endpoint=True))
    assert text(stabilizer.hear(heard("gamma delta epsilon", endpoint=True))) == ["epsilon"]


def test_a_word_is_never_longer_than_a_word_can_be_nor_ends_after_what_was_heard() -> None:
    long = Hypothesis(words=(HeardWord("well", 1000, 31_000),), heard_ms=32_000, endpoint=True)
    assert only(Stabilizer().hear(long)).words == (Word("well", 1000, 3000),)
    late = Hypothesis(words=(HeardWord("well", 1000, 1500),), heard_ms=1200, endpoint=True)
    assert only(Stabilizer().hear(late)).words == (Word("well", 1000, 1200),)


def test_words_that_an_engine_gives_no_time_end_one_after_another() -> None:
    at_once = Hypothesis(
        words=tuple(HeardWord(word, 800, 800) for word in ("so", "it", "is")), heard_ms=800, endpoint=True
    )
    assert [word.end_ms for word in only(Stabilizer().hear(at_once)).words] == [800, 801, 802]


@pytest.mark.parametrize(
    ("words", "ends", "open_mark"),
    [
        ("so", Boundary.SENTENCE, "."),
        ("so", Boundary.PAUSE, "."),
        ("so,", Boundary.PAUSE, None),
        ("so", Boundary.NONE, None),
        ("", Boundary.NONE, None),
        ("", Boundary.PAUSE, None),
    ],
)
def test_what_was_open_is_known_from_the_finals_alone(words: str, ends: Boundary, open_mark: str | None) -> None:
    final = Final(
        session_id="s", language="en", index=6, words=tuple(Word(word, 0, 1) for word in words.split()), ends=ends
    )
    transcribed = Transcribed().after(final)
    assert (transcribed.open_mark, transcribed.next_index) == (open_mark, 7)


def test_a_final_that_lies_there_twice_is_known_once() -> None:
    finals = [Final(session_id="s", language="en", index=at, words=(Word(f"w{at}", at, at + 1.0),)) for at in range(3)]
    transcribed = Transcribed()
    for final in (*finals, finals[2], finals[1]):
        transcribed = transcribed.after(final)
    assert transcribed.next_index == 3
    assert [word.text for word in transcribed.words] == ["w0", "w1", "w2"]
