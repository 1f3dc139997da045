"""How good words are."""

import re

import pytest

from services.cli.evaluation.quality import bleu_and_chrf, plain, sentences, word_error_rate


@pytest.mark.parametrize(
    ("wanted", "said", "rate"),
    [
        ("Good morning, Ana!", "good morning ana", 0.0),
        ("twenty-two men", "twenty two men", 0.0),
        ("one two three four", "one two three", 0.25),
        ("It’s over", "it's over", 0.0),
    ],
)
def test_word_error_rate_is_about_words_only(wanted: str, said: str, rate: float) -> None:
    assert word_error_rate([wanted], [said]) == rate


def test_without_a_reference_there_is_no_error_rate() -> None:
    assert word_error_rate([""], ["something"]) is None


def test_the_same_words_score_full_marks() -> None:
    assert bleu_and_chrf(["o gato está em casa"], ["o gato está em casa"]) == (100.0, 100.0)


def test_sentences_are_cut_after_their_marks() -> None:
    assert sentences("One two. Three?\nFour") == ["One two.", "Three?", "Four"]
    assert re.fullmatch(r"[a-z' ]+", plain("Don't — STOP... it!"))
