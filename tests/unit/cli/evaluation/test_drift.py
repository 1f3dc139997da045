"""Drift of the sample clock against a recording that is played again and again."""

import pytest

from services.cli.evaluation.drift import by_minute
from services.common.contracts import Word

LOOP_MS = 50_000.0


def said(minutes: int, drift_ms_per_minute: float) -> list[Word]:
    """A word a second, the recording's own each time, by a clock that drifts."""
    words = []
    for second in range(1, minutes * 60):
        end_ms = second * 1_000.0 + drift_ms_per_minute * second / 60
        words.append(Word(f"word{second % 50}.", end_ms - 500, end_ms))
    return words


def test_a_clock_that_keeps_time_has_no_drift_in_any_minute() -> None:
    assert by_minute(said(4, 0.0), LOOP_MS) == [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("per_minute", [6.0, -6.0])
def test_a_clock_that_drifts_shows_it_more_each_minute(per_minute: float) -> None:
    found = by_minute(said(10, per_minute), LOOP_MS)
    assert [value for value in found if value is not None] == pytest.approx(
        [per_minute * (minute + 0.5 - 0.4) for minute in range(10)], abs=5.5
    )
    assert abs(found[-1] or 0.0) > 40.0


def test_words_that_were_not_heard_the_first_time_tell_nothing() -> None:
    words = [Word("here", 0.0, 500.0), Word("there", 70_000.0, 70_500.0)]
    assert by_minute(words, LOOP_MS) == [None, None]
    assert by_minute([], LOOP_MS) == []
