"""Guessing codes is held up; a hall of people who know theirs is not."""

from collections import Counter
from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from services.common.attempts import Attempts, Lookup, TooManyFailures

HALL, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def guess(attempts: Attempts, code: str, address: str = ELSEWHERE, at_ms: float = 0.0) -> bool:
    """A wrong one. Returns whether it was looked up."""
    try:
        with attempts.lookup(code, address, at_ms) as lookup:
            lookup.failed()
    except TooManyFailures:
        return False
    return True


def guess_at_once(attempts: Attempts, codes: list[str]) -> int:
    """Wrong ones that are all asked for before any is found to be wrong. Returns how many were looked up."""
    lookups: list[Lookup] = []
    with ExitStack() as open_:
        for code in codes:
            try:
                lookups.append(open_.enter_context(attempts.lookup(code, ELSEWHERE, 0.0)))
            except TooManyFailures:
                continue
        for lookup in lookups:
            lookup.failed()
    return len(lookups)


def test_right_codes_are_never_held_up() -> None:
    attempts = Attempts()
    for _ in range(10_000):
        with attempts.lookup("k7xq2mp", HALL, 0.0):
            pass


def test_right_codes_that_are_asked_for_in_the_same_moment_are_never_held_up() -> None:
    attempts = Attempts()
    with ExitStack() as hall:
        for _ in range(5_000):
            hall.enter_context(attempts.lookup("k7xq2mp", HALL, 0.0))
        assert guess(attempts, "k7xq2mq", HALL)


def test_who_guesses_is_held_up_and_nobody_else_is() -> None:
    attempts = Attempts()
    assert sum(guess(attempts, f"ab{number}") for number in range(500)) == 150
    assert attempts.held_up("k7xq2mp", ELSEWHERE, 0.0)
    assert not attempts.held_up("k7xq2mp", HALL, 0.0)
    assert not attempts.held_up("k7xq2mp", ELSEWHERE, 1_001.0)


def test_a_long_guess_from_one_address_holds_up_no_other() -> None:
    attempts, looked_up = Attempts(), 0
    for second in range(600):
        looked_up += sum(guess(attempts, f"{second}-{number}", at_ms=second * 1000.0) for number in range(20))
        assert guess(attempts, f"mistyped{second}", HALL, second * 1000.0)
    assert looked_up == 150 + 599


def test_guesses_from_many_addresses_are_limited_in_all() -> None:
    attempts = Attempts()

    def looked_up(at_ms: float) -> int:
        return sum(guess(attempts, f"{number}", f"192.0.2.{number}", at_ms) for number in range(1_000))

    assert looked_up(0.0) == 300
    assert attempts.held_up("k7xq2mp", HALL, 0.0)
    assert looked_up(60_000.0) == 300
    assert looked_up(61_000.0) == 5


def test_guesses_at_once_are_no_more_than_one_after_the_other() -> None:
    attempts = Attempts()
    assert guess_at_once(attempts, [f"ab{number}" for number in range(1_000)]) == 150
    assert attempts.held_up("k7xq2mp", ELSEWHERE, 999.0)
    assert not attempts.held_up("k7xq2mp", ELSEWHERE, 1_001.0)


def test_one_wrong_code_again_and_again_at_once_is_held_against_nobody_for_long() -> None:
    attempts = Attempts()
    assert guess_at_once(attempts, ["wrong"] * 5_000) == 5_000
    assert attempts.held_up("k7xq2mp", HALL, 0.0)
    assert not attempts.held_up("k7xq2mp", HALL, 201.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60_000), st.integers(1, 200)), min_size=1, max_size=20))
def test_whatever_is_guessed_there_is_a_burst_and_what_is_regained(guesses: list[tuple[int, int, int]]) -> None:
    """guesses: from which address, how many milliseconds after those before, how many."""
    attempts, looked_up, at_ms = Attempts(), Counter[int](), 0.0
    for address, wait_ms, count in guesses:
        at_ms += wait_ms
        looked_up[address] += sum(guess(attempts, f"{number}", f"{address}", at_ms) for number in range(count))
        assert looked_up.total() <= 300 + at_ms / 200
        assert looked_up[address] <= 150 + at_ms / 1000
