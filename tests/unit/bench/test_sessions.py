"""Recorded recognizer output, and what many talks with it came to."""

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.cli.evaluation.load import Times
from services.transcriber.ports import HeardWord, Hypothesis
from tests.bench.page import DOCS, fill
from tests.bench.sessions.figures import Figures, Level, Service, drawn, knee, report, what_gave
from tests.bench.sessions.recognizer import RecordedRecognizer
from tests.bench.sessions.recording import Recorded, Recording, load

SECOND = bytes(32_000)


def recording() -> Recording:
    words = (HeardWord("One", 100.0, 900.0), HeardWord("two", 1_100.0, 1_900.0))
    return Recording(
        3_000.0,
        [
            Recorded(10.0, Hypothesis(words=words[:1], heard_ms=1_000.0)),
            Recorded(10.0, Hypothesis(words=words, heard_ms=2_000.0)),
            Recorded(10.0, Hypothesis(words=(), heard_ms=3_000.0, endpoint=True, quiet=True)),
        ],
    )


async def heard(first_s: int, seconds: int) -> list[Hypothesis]:
    """What a stream says of so much audio."""
    found: list[Hypothesis] = []
    async with (
        RecordedRecognizer(recording()).open("en", first_sample=first_s * 16_000, final_words=()) as stream,
        asyncio.TaskGroup() as tasks,
    ):

        async def listen() -> None:
            async for hypothesis in stream.hypotheses():
                found.append(hypothesis)

        listening = tasks.create_task(listen())
        for second in range(first_s, first_s + seconds):
            await stream.feed(SECOND, second * 16_000)
        async with asyncio.timeout(5):
            await stream.flush()
        stream.close()
        await listening
    return found


async def test_a_recording_is_heard_again_and_again_each_time_at_its_place_on_the_sample_clock() -> None:
    found = await heard(0, 5)
    assert [one.heard_ms for one in found] == [1_000.0, 2_000.0, 3_000.0, 4_000.0, 5_000.0, 5_000.0]
    assert [word.end_ms for one in found for word in one.words] == [900.0, 900.0, 1_900.0, 3_900.0, 3_900.0, 4_900.0]


async def test_after_a_takeover_it_goes_on_in_the_middle() -> None:
    assert [one.heard_ms for one in await heard(4, 2)] == [5_000.0, 6_000.0, 6_000.0]


def test_the_recording_that_is_kept_is_one_of_a_real_recognizer_at_real_pace() -> None:
    kept = load()
    assert len(kept.hypotheses) > 100
    assert [one.hypothesis.heard_ms for one in kept.hypotheses] == sorted(
        one.hypothesis.heard_ms for one in kept.hypotheses
    )
    assert all(0.0 <= one.after_ms < 3_000.0 for one in kept.hypotheses)


def level(talks: int, later_ms: float, notifier_cores: float, refused: int = 0) -> Level:
    lag = Times(1_000.0, 2_000.0 + later_ms, 3_000.0, 4_000.0)
    names = ("ingest", "transcriber", "translator", "notifier", "kafka")
    return Level(
        wanted=talks + refused, talks=talks, refused={"full up": refused} if refused else {}, caption_lag_ms=lag,
        later_ms=later_ms, announce_delay_ms=lag, lost=0, clients_cores=0.1, machine_cores=1.0,
        behind={"translator": 3.0},
        services={name: Service(notifier_cores if name == "notifier" else 0.1, 80.0) for name in names},
        shed=0.0, unrecognized=0.0,
    )  # fmt: skip


def test_the_knee_is_the_last_level_before_captions_are_late_and_what_gave_is_what_was_busy_beyond_it() -> None:
    levels = [level(1, 0.0, 0.1), level(10, 200.0, 0.5), level(20, 900.0, 0.97), level(40, 300.0, 0.99)]
    assert knee(levels).talks == 10
    assert what_gave(levels, cores=2) == "notifier (0.97 cores)"
    assert what_gave(levels[:2], cores=2) == "nothing yet"


def test_the_report_says_what_those_were_told_who_were_refused() -> None:
    figures = Figures(
        taken_at="2026-11-29T12:00:00+00:00", machine="x86_64", cores=2,
        levels=[level(1, 0.0, 0.1), level(10, 1.0, 0.5)], knee=10, gave="nothing yet",
        limited=[level(10, 1.0, 0.5, refused=10)],
    )  # fmt: skip
    text = report(figures)
    assert "*full up*" in text
    assert "| 10 (10 refused) |" in text
    assert "notifier 20" in text
    texts = [node.text for node in ElementTree.fromstring(drawn(figures)).iter("{http://www.w3.org/2000/svg}text")]
    assert {"talks", "10 let in", "20"} <= set(texts)


def test_figures_are_put_between_their_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- figures:x -->\nold\n<!-- /figures:x -->\nb\n")
    fill(page, "x", "new")
    assert page.read_text() == "a\n<!-- figures:x -->\nnew\n<!-- /figures:x -->\nb\n"
    with pytest.raises(ValueError, match="no place"):
        fill(page, "y", "new")


@pytest.mark.parametrize("name", ["listeners", "sessions", "two-hours"])
def test_the_page_has_a_place_for_what_each_bench_writes(tmp_path: Path, name: str) -> None:
    page = tmp_path / "performance.md"
    page.write_text((DOCS / "performance.md").read_text(encoding="utf-8"), encoding="utf-8")
    fill(page, name, "what was measured")
    assert "what was measured" in page.read_text(encoding="utf-8")
