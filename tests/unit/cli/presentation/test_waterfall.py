"""A segment's stages as the terminal shows them."""

from itertools import pairwise

import pytest

from services.cli.presentation.waterfall import summary, waterfall
from services.common import stages
from services.common.contracts import Caption, Speech

AT_MS = 1_800_000_002_000.0
STAGES = {"store": 100.0, "capture": 100.0, "recognize": 300.0, "decide": 500.0, "synthesize": 1000.0}


def speech(
    spent: dict[str, float], *, epoch_ms: float = 1_800_000_000_000.0 - 5000, failed: str | None = None
) -> Speech:
    return Speech(
        session_id="s1",
        language="pt",
        index=12,
        start_ms=4000,
        end_ms=5000,
        text="no fim do dia",
        key="clip",
        duration_ms=900,
        failed=failed,
        floor_epoch_ms=epoch_ms,
        stages=spent,
        published_at_ms=AT_MS,
    )


def test_stages_follow_each_other_in_the_order_of_the_flow_and_end_with_the_publication() -> None:
    placed = stages.laid_out(STAGES, AT_MS)
    assert [name for name, _, _ in placed] == ["capture", "recognize", "decide", "synthesize", "store"]
    assert [end - start for _, start, end in placed] == [100, 300, 500, 1000, 100]
    assert all(end == start for (_, _, end), (_, start, _) in pairwise(placed))
    assert placed[-1][2] == AT_MS


def test_clocks_that_differ_make_no_stage_shorter_than_nothing() -> None:
    assert stages.laid_out({"capture": -40.0, "decide": 10.0}, AT_MS) == [
        ("capture", AT_MS - 10, AT_MS - 10),
        ("decide", AT_MS - 10, AT_MS),
    ]


def test_every_stage_that_records_carry_is_known_with_its_service() -> None:
    assert list(stages.SERVICE) == list(stages.ALL[: stages.ALL.index(stages.NOTIFY) + 1])


def test_a_waterfall_has_a_line_for_each_stage_as_long_as_it_took() -> None:
    first, *lines = waterfall(speech(STAGES))
    assert first == "pt  #12        4.0 -    5.0 s  speech   +2.00 s  no fim do dia"
    assert [line.split()[:2] for line in lines] == [
        ["ingest", "capture"],
        ["transcriber", "recognize"],
        ["translator", "decide"],
        ["translator", "synthesize"],
        ["translator", "store"],
    ]
    assert [line.count("█") for line in lines] == [2, 8, 12, 24, 2]
    begins = [line.index("█") for line in lines]
    assert begins == sorted(begins)
    assert [line.split()[-2] for line in lines] == ["100", "300", "500", "1000", "100"]


def test_a_summary_names_the_lag_and_what_took_longest() -> None:
    assert summary(speech(STAGES)) == (
        "pt  #12        4.0 -    5.0 s  speech   +2.00 s  synthesize          1000  no fim do dia"
    )


@pytest.mark.parametrize("show", [summary, lambda record: "\n".join(waterfall(record))])
def test_a_segment_that_failed_says_so_and_one_without_times_is_shown_too(show: object) -> None:
    assert callable(show)
    assert "[speech rejected] no fim" in show(speech(STAGES, failed="speech rejected"))
    assert "at an unknown time" in show(speech({}, epoch_ms=0.0))


def test_captions_are_told_from_speech() -> None:
    caption = Caption(
        session_id="s1", language="ca", index=0, start_ms=0, end_ms=1, text="text", source="", spoken=False
    )
    assert "caption" in summary(caption)
