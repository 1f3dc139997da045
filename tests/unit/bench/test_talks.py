"""What ``make bench`` measured, as the tables of a page."""

from msgspec.structs import replace

from services.cli.commands.bench import Figures
from services.cli.evaluation.report import LanguageReport, Overhead, Report, ServiceReport, Spread, StageSpread
from tests.bench.talks import by_stage, fast, machine_use, ordinary


def report(recording: str, *, wer: float | None = 0.05, lost: int = 0) -> Report:
    spread = Spread(2_500.0, 3_200.0, 4_000.0)
    heard = LanguageReport(
        segments=10, lost=lost, repeated=0, out_of_order=0, missing_segments=0, unheard_segments=0, heard_lag_ms=spread,
        lag_ms=Spread(1_100.0, 1_900.0, None), caption_lag_ms=Spread(600.0, 1_400.0, None), ear_voice_span_ms=spread,
        heard_lag_by_minute_ms=[], bleu=60.0, chrf=None, bleu_human=None, chrf_human=None, reconnects=0,
    )  # fmt: skip
    return Report(
        recording=recording, source="en", duration_s=130.0, wer=wer, word_delay_ms=spread, languages={"pt": heard},
        stages_ms={"store": StageSpread(5.2, 9.0, 12.0), "translate": StageSpread(30.0, 50.0, 70.0)},
        own_overhead_ms=Overhead(26.4, 60.0), cpu_cores=0.7,
        services={"translator": ServiceReport(103.0, 12.0, 295.0), "notifier": ServiceReport(86.0, 3.0, 0.0)},
        lost_frames=0,
    )  # fmt: skip


def figures(*reports: Report) -> Figures:
    return Figures(
        taken_at="2026-11-29T16:00:00+00:00", machine="", plain_hop_ms=StageSpread(2.4, 4.0, 6.0),
        engines_ms=StageSpread(None, None, None), ratios={}, missed=[], reports=list(reports),
        ordinary=replace(report("en-bush-columbia, en-linda-babylon"), duration_s=200.0),
    )  # fmt: skip


def test_the_ordinary_talks_have_a_row_each_and_one_together() -> None:
    measured = figures(report("en-bush-columbia"), report("en-linda-babylon", lost=2), report("en-rosehill-dictation"))
    told, *_, bush, linda, together, _, more = ordinary(measured).splitlines()
    assert told.endswith("2026-11-29.")
    assert more.startswith("Ear-voice span ")
    assert "(pt)" in more
    assert bush.startswith("| en-bush-columbia | ")
    assert bush.endswith(" | 5.0 % | 2.5 / 3.2 | 1.1 / 1.9 | 0.6 / 1.4 | 60.0 | 0, 0 |")
    assert linda.endswith(" | 2, 0 |")
    assert together.startswith("| **all** |  | **5.0 %** | **2.5 / 3.2** |")


def test_own_stages_are_marked_and_summed_up_beside_a_plain_hop() -> None:
    told = by_stage(figures(report("en-bush-columbia")))
    assert "| store * | 5 | 9 | 12 |" in told
    assert "| translate | 30 | 50 | 70 |" in told
    assert "26 ms p50, 60 ms p99 (p50 by talk 26), where a plain hop through Kafka took 2.4 ms p50." in told


def test_a_fast_talk_says_what_was_lost() -> None:
    assert "nothing lost or repeated" in fast(report("en-rosehill-dictation"))
    assert "3 lost or repeated" in fast(report("en-rosehill-dictation", lost=3))


def test_engines_memory_stands_apart() -> None:
    told = machine_use(report("en-bush-columbia"))
    assert "| translator | 103 | 295 | 12.0 |" in told
    assert "| notifier | 86 |  | 3.0 |" in told


def test_what_was_not_measured_is_no_nought() -> None:
    assert "WER –;" in fast(report("en-rosehill-dictation", wer=None))
