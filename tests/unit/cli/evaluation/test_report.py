"""The report of a talk: its figures and its verdicts."""

import msgspec

from services.cli.evaluation.report import report
from services.cli.evaluation.thresholds import THRESHOLDS
from services.cli.evaluation.verdicts import verdicts
from services.common import stages
from tests.unit.cli.talks import talk


def test_the_report_has_every_field_that_programs_count_on() -> None:
    written = msgspec.json.decode(msgspec.json.encode(report([talk()])))
    assert {
        "recording", "duration_s", "wer", "word_delay_ms", "languages", "stages_ms", "own_overhead_ms", "cpu_cores",
        "services",
    } <= written.keys()  # fmt: skip
    assert {
        "segments", "lost", "repeated", "out_of_order", "heard_lag_ms", "lag_ms", "caption_lag_ms", "ear_voice_span_ms",
        "bleu", "chrf",
    } <= written["languages"]["pt"].keys()  # fmt: skip
    assert {"p50", "p95", "max"} == written["languages"]["pt"]["lag_ms"].keys()
    assert {"p50", "p95", "p99"} == written["stages_ms"][stages.RECOGNIZE].keys()
    assert {"p50", "p99"} == written["own_overhead_ms"].keys()
    assert {"rss_mb", "cpu_s"} <= written["services"]["ingest"].keys()


def test_the_figures_of_a_talk() -> None:
    found = report([talk()])
    portuguese = found.languages["pt"]
    assert (portuguese.segments, portuguese.lost, portuguese.repeated, portuguese.unheard_segments) == (2, 0, 0, 0)
    assert portuguese.caption_lag_ms.p50 == 1_000
    assert portuguese.lag_ms.p50 == 1_228
    assert portuguese.ear_voice_span_ms.p50 == 2_228
    assert found.own_overhead_ms.p50 == 5 + 2 + 8
    assert found.wer == 0
    assert found.transcript == "Good morning. How are you"


def test_the_brokers_cpu_is_not_the_systems() -> None:
    assert report([talk()]).cpu_cores == 0.5


def test_a_segment_that_did_not_arrive_is_missed() -> None:
    found = report([talk(lost=True)])
    assert (found.languages["pt"].lost, found.languages["pt"].missing_segments) == (3, 1)
    assert any(verdict.threshold.path == "languages.*.lost" and not verdict.met for verdict in verdicts(found))


def test_several_talks_make_one_report() -> None:
    together = report([talk(), talk()], "both")
    assert (together.recording, together.duration_s, together.languages["pt"].segments) == ("both", 7.0, 4)
    assert together.cpu_cores == 0.5


def test_every_threshold_judges_a_figure_of_the_report() -> None:
    judged = {verdict.threshold.path for verdict in verdicts(report([talk()]))}
    absent = {threshold.path for threshold in THRESHOLDS} - judged
    assert absent == {"services.translator.rss_mb", "services.notifier.rss_mb"}


def test_a_figure_at_its_limit_is_within_it() -> None:
    lag, bleu = (next(t for t in THRESHOLDS if t.path == path) for path in ("wer", "languages.*.bleu"))
    assert lag.met_by(0.07)
    assert not lag.met_by(0.0701)
    assert bleu.met_by(58)
    assert not bleu.met_by(57.9)
