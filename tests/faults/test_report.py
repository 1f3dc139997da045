"""From what came of runs to the table."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.faults.report import table
from tests.faults.result import Result


def result(fault: str = "none", seed: int = 1, **others: Any) -> Result:
    """Of a run in which all was well, but for the others."""
    well: dict[str, Any] = {
        "commit": "abc1234",
        "ran": (),
        "spoken_words": 100,
        "not_recognized": 3,
        "lost": 0,
        "repeated": 0,
        "reordered": 0,
        "altered": 0,
        "told": 0,
        "resent_frames": 0,
        "normal_after_s": 1.0,
        "speech_normal_after_s": 2.0,
        "worst_lag_s": 4.0,
        "worst_speech_lag_s": 5.0,
        "beside": None,
        "most_told": 0,
        "missing_s": 0.0,
        "most_missing_s": 0.0,
        "normal_within_s": 10.0,
        "speech_normal_within_s": 12.0,
    }
    return Result(fault=fault, seed=seed, **well | others)


def test_a_run_in_which_all_was_well_fails_in_nothing() -> None:
    assert result(normal_after_s=10.0, beside=0).failing == frozenset()


@pytest.mark.parametrize("count", ["lost", "repeated", "reordered", "altered", "told", "beside"])
def test_a_single_finding_fails(count: str) -> None:
    found = replace(result(), **{count: 1})
    assert found.failing == {count}
    assert f"FAILED: {count}" in str(found)


def test_a_lag_that_comes_back_too_late_fails() -> None:
    assert result(normal_after_s=10.1).failing == {"normal_after_s"}
    assert result(speech_normal_after_s=12.1).failing == {"speech_normal_after_s"}


@pytest.mark.parametrize("figure", ["normal_after_s", "speech_normal_after_s"])
def test_a_lag_that_was_not_seen_to_come_back_fails(figure: str) -> None:
    never = result(unsettled=(figure,))
    assert never.failing == {figure}
    assert "s, or later (at most" in str(never)


def test_what_may_be_told_of_may_neither_be_more_nor_longer() -> None:
    allowed: dict[str, Any] = {"most_told": 2, "most_missing_s": 9.0}
    assert not result(**allowed, told=2, missing_s=9.0).failing
    assert result(**allowed, told=3, missing_s=9.0).failing == {"told"}
    assert result(**allowed, told=2, missing_s=9.1).failing == {"told"}


def test_what_has_no_bound_does_not_fail_by_it_and_loss_fails_all_the_same() -> None:
    assert not result(normal_within_s=None, normal_after_s=99.0).failing
    assert result(normal_within_s=None, normal_after_s=99.0, lost=1).failing == {"lost"}


def test_the_line_of_a_run_says_what_happened_and_that_it_was_the_second_try() -> None:
    assert "[one: kill -9; other: cut]" in str(result(ran=("one: kill -9", "other: cut")))
    assert "second try" in str(result(tries=2))
    assert "second try" not in str(result())


def test_runs_of_a_fault_share_a_row_and_what_was_not_tried_has_none() -> None:
    kill = "ingest: kill -9"
    made = table([result("none", 1), result(kill, 1, beside=0), result(kill, 7, beside=0, normal_after_s=3.0)])
    sums = "3 runs, 300 words spoken: 0 lost, 0 repeated, 0 reordered, 0 altered, 0 told"
    assert made.splitlines()[0] == f"{sums}, all at commit `abc1234`."
    assert made.splitlines()[4:] == [
        "| none | 1 | 100 | 3 | 0 | 0 | 0 | 0 | 0 | - | 1 (10) | 2 (12) | 4 | 5 | 1 |",
        "| ingest: kill -9 | 2 | 200 | 6 | 0 | 0 | 0 | 0 | 0 | 0 | 1-3 (10) | 2 (12) | 4 | 5 | 1, 7 |",
    ]


def test_what_should_not_be_so_is_bold() -> None:
    made = table([result(lost=2, told=1, normal_after_s=11.0, beside=3)])
    row = "| none | 1 | 100 | 3 | **2** | 0 | 0 | 0 | **1** | **3** | **11 (10)** | 2 (12) | 4 | 5 | 1 |"
    assert made.splitlines()[-1] == row


def test_what_was_allowed_stands_beside_what_came_of_it() -> None:
    several = [result(told=3, most_told=4, normal_within_s=20.0), result(seed=2, most_told=4, normal_within_s=32.0)]
    assert "| 3 (8) | - | 1 (20-32) | 2 (12) |" in table(several)
    assert "| 0 | - | 1 | 2 (12) |" in table([result(normal_within_s=None)])


def test_what_was_not_seen_to_be_normal_again_is_more_than_was_measured() -> None:
    assert "| **>1 (10)** | 2 (12) |" in table([result(unsettled=("normal_after_s",))])


def test_every_row_says_its_commit_where_they_are_not_all_the_same() -> None:
    made = table([result("none"), result("ingest: kill -9", commit="def5678+")])
    assert made.splitlines()[2].endswith("| seeds | commit |")
    assert [row.rpartition("| 1 | ")[2] for row in made.splitlines()[4:]] == ["`abc1234` |", "`def5678+` |"]
