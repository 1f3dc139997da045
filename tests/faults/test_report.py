"""From accounts of talks to the table."""

from tests.faults.auditor import Account
from tests.faults.driver import Moments
from tests.faults.report import table
from tests.faults.run import Result, normal_after_s

FAULT = Moments(injected_at_ms=10_000, over_at_ms=15_000)


def account(*lags: tuple[float, float]) -> Account:
    """Of a talk whose captions came then, so long after the word."""
    return Account("s", [], 0, 0, 0, {}, {"pt listener": list(lags)})


def result(fault: str, seed: int, lost: int = 0, normal: float = 1.0) -> Result:
    return Result(
        fault=fault,
        seed=seed,
        spoken_words=100,
        lost=lost,
        repeated=0,
        reordered=0,
        altered=0,
        told=0,
        resent_frames=0,
        normal_after_s=normal,
    )


def test_normal_is_when_the_captions_of_the_words_of_the_fault_s_time_come_no_later_than_before() -> None:
    talk = account((8_000, 2_000), (18_000, 7_000), (19_500, 4_000), (20_000, 2_500), (40_000, 9_000))
    assert normal_after_s([account((8_000, 2_000)), talk], FAULT) == 4.5


def test_captions_that_are_not_late_are_normal_at_once() -> None:
    assert normal_after_s([account((8_000, 2_000), (16_000, 2_900), (60_000, 9_000))], FAULT) == 0


def test_runs_of_a_fault_share_a_row_and_what_was_not_tried_has_none() -> None:
    made = table([result("none", 1), result("ingest: kill -9", 1, lost=2), result("ingest: kill -9", 7, normal=3.0)])
    assert made.splitlines()[2:] == [
        "| none | 1 | 100 | 0 | 0 | 0 | 0 | 0 | 1 | 1 |",
        "| ingest: kill -9 | 2 | 200 | 2 | 0 | 0 | 0 | 0 | 1-3 | 1, 7 |",
    ]
