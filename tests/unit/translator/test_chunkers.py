"""Both policies: every word in one segment, in order, whatever the translations and times are."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.contracts import Boundary, Final, Word
from services.translator.__main__ import chunking
from services.translator.chunker import Chunker, Piece
from services.translator.clause import Clause, ClausePolicy
from services.translator.rolling import Rolling, RollingPolicy, resume
from services.translator.sentences import MAX_SENTENCE_CHARS, MAX_WORD_CHARS, Said, Sentences, ends_sentence
from services.translator.settings import TranslatorSettings
from tests.unit.translator.builders import final, talks, words_in, words_of

Translate = Callable[[str], str]


def rolling(sentences: Sentences | None = None, policy: RollingPolicy | None = None) -> Chunker:
    return Rolling(sentences or Sentences(), policy or RollingPolicy())


def clause(sentences: Sentences | None = None, policy: ClausePolicy | None = None) -> Chunker:
    return Clause(sentences or Sentences(), policy or ClausePolicy())


POLICIES = pytest.mark.parametrize("make", [rolling, clause])


def echo(text: str) -> str:
    return text.lower() + ("" if text[-1:] in ".?!" else ".")  # engines end everything with a full stop


def say(chunker: Chunker, now_ms: float, backlog_ms: float = 0.0, translate: Translate = echo) -> list[Piece]:
    """All that is due now."""
    pieces = []
    while True:
        if text := chunker.ask(now_ms):
            chunker.give(text, translate(text))
        elif piece := chunker.decide(now_ms, backlog_ms):
            pieces.append(piece)
        else:
            return pieces


def texts(pieces: Sequence[Piece]) -> list[str]:
    return [piece.text for piece in pieces]


@POLICIES
@given(data=st.data(), talk=talks())
def test_every_word_is_in_exactly_one_segment_in_order(
    make: Callable[[], Chunker], data: st.DataObject, talk: list[Final]
) -> None:
    chunker = make()
    pieces: list[Piece] = []
    now = 0.0
    for one in talk:
        chunker.hear(one)
        now += data.draw(st.floats(0, 3000))
        pieces += say(
            chunker,
            now,
            data.draw(st.floats(0, 3000)),
            lambda text: " ".join(text.split()[: data.draw(st.integers(0, 30))]),  # any length, any change
        )
    chunker.finish(None)
    pieces += say(chunker, now)
    assert words_in(pieces) == words_of(talk)
    assert chunker.finished
    assert chunker.waiting == 0
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(pieces))


@given(talk=talks(), steady=st.floats(0, 3000))
def test_where_translations_never_change_rolling_says_each_word_once(talk: list[Final], steady: float) -> None:
    chunker = rolling()
    pieces: list[Piece] = []
    now = 0.0
    for one in talk:
        chunker.hear(one)
        now += steady
        pieces += say(chunker, now)
    chunker.finish(None)
    pieces += say(chunker, now)
    said = " ".join(texts(pieces)).replace(".", "").replace("?", "").replace(",", "").split()
    assert said == [word.lower().strip(".,") for word in words_of(talk)]


@POLICIES
def test_a_closed_sentence_is_said_at_once_with_its_mark(make: Callable[[], Chunker]) -> None:
    chunker = make()
    chunker.hear(final("We met. And"))
    assert texts(say(chunker, 0)) == ["we met."]


@POLICIES
def test_a_pause_says_the_rest_without_a_full_stop_and_the_mark_comes_with_the_next_segment(
    make: Callable[[], Chunker],
) -> None:
    chunker = make()
    chunker.hear(final("Is it true", ends=Boundary.PAUSE))
    assert texts(say(chunker, 900)) == ["is it true"]
    chunker.hear(final("Yes it is", 2000, previous_mark="?", ends=Boundary.PAUSE))
    (piece,) = say(chunker, 3000)
    assert (piece.previous_mark, piece.text) == ("?", "yes it is")


def test_after_a_pause_that_ends_no_sentence_rolling_goes_on_with_the_sentence() -> None:
    chunker = rolling()
    chunker.hear(final("The roofs were", ends=Boundary.PAUSE))
    assert texts(say(chunker, 900)) == ["the roofs were"]
    chunker.hear(final("tightened by bricks", 2000, previous_mark="", ends=Boundary.PAUSE))
    assert chunker.ask(3000) == "The roofs were tightened by bricks"
    (piece,) = say(chunker, 3000)
    assert (piece.previous_mark, piece.text) == ("", "tightened by bricks")


@POLICIES
def test_a_mark_that_nobody_carried_is_left_for_the_end(make: Callable[[], Chunker]) -> None:
    chunker = make()
    chunker.hear(final("Thank you", ends=Boundary.PAUSE))
    say(chunker, 600)
    chunker.finish(".")
    assert chunker.finished
    assert chunker.take_late_mark() == "."


def test_rolling_waits_while_speech_is_playing_and_speaks_just_in_time() -> None:
    chunker = rolling()
    for place in range(3):
        chunker.hear(final("one two three", 900.0 * place))
        assert say(chunker, 900.0 * (place + 1), backlog_ms=5000) == []
    now, remaining = 2700.0, 5000.0
    again = chunker.look_again(now, remaining)
    assert again == now + remaining - RollingPolicy().just_in_time_ms
    assert texts(say(chunker, again, backlog_ms=RollingPolicy().just_in_time_ms)) == ["one two three one two three"]


def test_deciding_just_in_time_needs_no_new_translation() -> None:
    chunker = rolling()
    chunker.hear(final("one two three four"))
    chunker.hear(final("five six", 1200))
    say(chunker, 1800, backlog_ms=4000)
    assert chunker.ask(5000) is None
    assert chunker.decide(5000, 100) is not None


def test_a_word_that_waited_too_long_is_said_without_agreement() -> None:
    chunker = rolling(policy=RollingPolicy(force_ms=2000))
    chunker.hear(final("one two three four"))
    assert say(chunker, 1999) == []
    assert chunker.look_again(1999, 0) == 2000
    assert texts(say(chunker, 2000)) == ["one two three"]


def test_without_agreement_and_in_time_nothing_is_said() -> None:
    chunker = rolling(policy=RollingPolicy(force_ms=2000))
    chunker.hear(final("one two three four"))
    say(chunker, 1200)
    chunker.hear(final("five", 1200))
    assert say(chunker, 1500, translate=lambda text: "quite another wording of it all") == []


def test_an_open_sentence_keeps_a_word_for_its_last_segment() -> None:
    chunker = rolling()
    chunker.hear(final("one two three four"))
    (piece,) = say(chunker, 10_000)
    assert len(piece.words) == 3
    chunker.hear(final("", previous_mark="."))
    assert texts(say(chunker, 10_100)) == ["four."]


def test_a_segment_never_ends_between_words_that_end_at_the_same_time() -> None:
    """Its end tells a takeover which words it covers."""
    one = final("one two three four five")
    words = list(one.words)
    words[3] = Word("four", words[2].end_ms, words[2].end_ms)  # the cut would be before it
    chunker = rolling(policy=RollingPolicy(held_back=2))
    chunker.hear(msgspec.structs.replace(one, words=tuple(words)))
    (piece,) = say(chunker, 10_000)
    assert piece.source in ("one two", "one two three four")


def test_clauses_end_at_long_commas() -> None:
    chunker = clause(policy=ClausePolicy(age_ms=math.inf, comma_chars=10))
    chunker.hear(final("Yes, I would say so, and"))
    assert texts(say(chunker, 0)) == ["yes, i would say so,"]


def test_a_clause_that_is_cut_by_age_gets_no_full_stop() -> None:
    chunker = clause(policy=ClausePolicy(age_ms=2000))
    chunker.hear(final("one two three"))
    assert say(chunker, 1999) == []
    assert chunker.look_again(1999, 0) == 2000
    assert texts(say(chunker, 2000)) == ["one two three"]


@POLICIES
def test_a_sentence_that_never_ends_is_cut(make: Callable[[], Chunker]) -> None:
    chunker = make()
    asked: list[str] = []
    for place in range(60):
        chunker.hear(final("abcdefghi jklmnopqr", 600.0 * place))
        say(chunker, 0, 9000, lambda text: asked.append(text) or text)  # type: ignore[func-returns-value]
    chunker.finish(None)
    say(chunker, 0, 9000, lambda text: asked.append(text) or text)  # type: ignore[func-returns-value]
    assert max(map(len, asked)) <= MAX_SENTENCE_CHARS


@POLICIES
def test_an_endless_word_reaches_no_engine_and_no_caption(make: Callable[[], Chunker]) -> None:
    chunker = make()
    chunker.hear(final("a" * 5000, ends=Boundary.PAUSE))
    text = chunker.ask(10_000)
    assert text is not None
    assert len(text) == MAX_WORD_CHARS
    chunker.give(text, "b")
    piece = chunker.decide(10_000, 0)
    assert piece is not None
    assert piece.source == text


@POLICIES
@pytest.mark.parametrize("words", [".", ". ..", "。", "?"])
def test_what_is_marks_alone_is_passed_over_in_a_segment_of_its_own_and_the_talk_goes_on(
    make: Callable[[], Chunker], words: str
) -> None:
    chunker = make()
    chunker.hear(final(words, ends=Boundary.PAUSE))
    first = say(chunker, 10_000)
    chunker.hear(final("We met", 9000, previous_mark=".", ends=Boundary.PAUSE))
    pieces = [*first, *say(chunker, 20_000)]
    assert words_in(pieces) == [*words.split(), "We", "met"]
    assert texts(pieces)[-1] == "we met"


@POLICIES
def test_what_cant_be_translated_becomes_a_marked_segment_and_the_talk_goes_on(make: Callable[[], Chunker]) -> None:
    chunker = make()
    chunker.hear(final("We met", ends=Boundary.PAUSE))
    assert chunker.ask(600)
    chunker.refuse("translation unavailable")
    piece = chunker.decide(600, 0)
    assert piece is not None
    assert (piece.text, piece.failed, piece.source) == ("", "translation unavailable", "We met")
    chunker.hear(final("And talked", 600, previous_mark=".", ends=Boundary.PAUSE))
    assert texts(say(chunker, 1200)) == ["and talked"]


@POLICIES
def test_words_of_a_language_without_spaces_are_a_text_without_spaces(make: Callable[[], Chunker]) -> None:
    chunker = make()
    chunker.hear(final("今日 は 晴れ。 明日", language="ja"))
    assert chunker.ask(0) == "今日は晴れ."
    chunker.give("今日は晴れ.", "it is sunny today.")
    piece = chunker.decide(0, 0)
    assert piece is not None
    assert (piece.source, piece.text) == ("今日は晴れ。", "it is sunny today.")


def test_a_language_without_spaces_is_said_by_the_clause_since_rolling_has_no_words_to_compare() -> None:
    make = chunking(TranslatorSettings(chunking="rolling"))
    assert isinstance(make(Sentences(), "de"), Rolling)
    assert isinstance(make(Sentences(), "ja"), Clause)


@POLICIES
def test_a_full_stop_of_another_script_goes_too_while_the_sentence_may_go_on(make: Callable[[], Chunker]) -> None:
    chunker = make()
    chunker.hear(final("We met", ends=Boundary.PAUSE))
    assert texts(say(chunker, 900, translate=lambda text: "会いました。")) == ["会いました"]


@POLICIES
def test_draining_says_the_rest_of_what_was_heard(make: Callable[[], Chunker]) -> None:
    chunker = make()
    chunker.hear(final("one two"))
    assert say(chunker, 600, 9000) == []
    chunker.drain(True)
    assert words_in(say(chunker, 600, 9000)) == ["one", "two"]


def test_after_a_takeover_rolling_goes_on_where_the_published_text_ends() -> None:
    sentences = Sentences(covered_ms=900, said=[Said(0, 900, "one two three")])
    chunker = rolling(sentences)
    chunker.hear(final("One two three four five six", ends=Boundary.PAUSE))
    (piece,) = say(chunker, 2000)
    assert (piece.text, piece.source) == ("four five six", "four five six")


def test_after_a_takeover_a_mark_that_is_already_out_is_not_sent_again() -> None:
    sentences = Sentences(covered_ms=1200, said=[Said(0, 600, "one two"), Said(600, 1200, "three four")])
    chunker = rolling(sentences)
    chunker.hear(final("One two", ends=Boundary.PAUSE))
    chunker.hear(final("Three four", 600, previous_mark="."))
    chunker.hear(final("Five", 1200, previous_mark=".", ends=Boundary.PAUSE))
    (piece,) = say(chunker, 3000)
    assert (piece.text, piece.previous_mark) == ("five", ".")


@pytest.mark.parametrize(
    ("said", "target", "place"),
    [
        ("", "a b", 0),
        ("a b", "A, b c", 2),
        ("the big house", "the large house is red", 3),
        ("a b c", "a b", 2),
    ],
)
def test_speech_resumes_after_what_the_said_words_match_best(said: str, target: str, place: int) -> None:
    assert resume(said.split(), target.split()) == place


@pytest.mark.parametrize(
    ("word", "following", "ends"),
    [
        ("end.", "The", True),
        ("end.", "the", False),
        ("Mr.", "Brown", False),
        ("J.", "Smith", False),
        ("I.", "The", True),
        ("so?", "Yes", True),
        ("so,", "Yes", False),
    ],
)
def test_a_mark_ends_a_sentence_unless_it_belongs_to_the_word(word: str, following: str, ends: bool) -> None:
    assert ends_sentence(word, following) == ends
