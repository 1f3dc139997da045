"""Comparing words, and what their punctuation says."""

import pytest

from services.transcriber.local.made_up import without_loops, without_made_up
from services.transcriber.local.model import Spoken
from services.transcriber.words import ends_clause, goes_on, normalized, split_mark


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("News.", "news"),
        ("O'clock,", "o'clock"),
        ("'Yes'", "yes"),
        ("Não!", "não"),
        ("¿Qué?", "qué"),
        ("não", "na\u0303o"),
    ],
)
def test_words_are_compared_without_case_and_punctuation(one: str, other: str) -> None:
    assert normalized(one) == normalized(other) != ""


@pytest.mark.parametrize("text", ["", "—", "...", "¿?", "♪", "_"])
def test_what_has_neither_letter_nor_digit_is_no_word(text: str) -> None:
    assert normalized(text) == ""


@pytest.mark.parametrize(
    ("text", "word", "mark"),
    [
        ("news.", "news", "."),
        ("news", "news", ""),
        ("news,", "news,", ""),
        ("really?!", "really", "?"),
        ("stop!", "stop", "!"),
        ('there."', 'there"', "."),
        ("and...", "and", ""),
        ("3.5", "3.5", ""),
        ("U.S.", "U.S", "."),
        ("天気。", "天気", "."),
        ("ですか？", "ですか", "?"),
        ("है।", "है", "."),
        ("هل؟", "هل", "?"),
    ],
)
def test_a_sentence_mark_comes_off_its_word(text: str, word: str, mark: str) -> None:
    assert split_mark(text) == (word, mark)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("roofs", True),
        ("¿qué", True),
        ('"then', True),
        ("I", False),
        ("Lisbon", False),
        ("¿Qué", False),
        ("9", False),
        ("東京", False),
        ("مرحبا", False),
    ],
)
def test_only_a_lower_case_letter_proves_that_the_sentence_goes_on(text: str, expected: bool) -> None:
    assert goes_on(text) is expected


def test_commas_semicolons_and_colons_end_clauses() -> None:
    assert [ends_clause(text) for text in ("a,", "a;", "a:", "は、", "a.", "a")] == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Captain Brown, captain Brown, Captain Brown. Next", "Captain Brown, Next"),
        ("it was the best of it was the best of times", "it was the best of times"),
        ("trade is well regulated by law. Trade is well regulated by law. Trade is", "trade is well regulated by law."),
        ("no, no", "no, no"),
        ("no no no no no", "no"),
        ("we must fight and we must win", "we must fight and we must win"),
        ("", ""),
    ],
)
def test_a_loop_is_kept_once_and_what_people_repeat_stays(said: str, kept: str) -> None:
    assert " ".join(without_loops(said.split(), text=str)) == kept


def test_words_without_time_and_all_that_follow_them_were_made_up() -> None:
    said = [Spoken("by", 0, 300), Spoken("law.", 300, 600)]
    made_up = [Spoken("Trade", 600, 600), Spoken("is", 600, 600), Spoken("well", 600, 640), Spoken("made", 640, 900)]
    assert without_made_up([*said, *made_up]) == tuple(said)


def test_fast_speech_is_kept() -> None:
    fast = tuple(Spoken(text, at * 80, at * 80 + 80) for at, text in enumerate(["it", "is", "as", "it", "is"]))
    assert without_made_up(fast) == fast
