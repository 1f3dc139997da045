"""Guessing codes is held up; a hall of people who know theirs is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.attempts import Attempts, TooManyFailures


def test_right_codes_are_never_held_up() -> None:
    attempts = Attempts()
    for _ in range(10_000):
        attempts.check("k7xq2mp", 0.0)


def test_wrong_codes_that_begin_alike_are_held_up_and_others_are_not() -> None:
    attempts = Attempts()
    for number in range(20):
        attempts.check(f"ab{number}", 0.0)
        attempts.failed(f"ab{number}", 0.0)
    with pytest.raises(TooManyFailures):
        attempts.check("abright", 0.0)
    attempts.check("k7xq2mp", 0.0)
    attempts.check("abright", 3_001.0)


@given(st.lists(st.text(min_size=1, max_size=7), min_size=500, max_size=600))
def test_whatever_is_guessed_a_burst_is_all_there_is(guesses: list[str]) -> None:
    attempts, failures = Attempts(), 0
    for guess in guesses:
        try:
            attempts.check(guess, 1_000.0)
        except TooManyFailures:
            continue
        attempts.failed(guess, 1_000.0)
        failures += 1
    assert failures <= 300
