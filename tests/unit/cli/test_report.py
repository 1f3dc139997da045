"""The report of a talk: its figures, its verdicts, and how it is shown."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console

from services.cli import terminal
from services.cli.lag import words_of
from services.cli.live import LiveCaptions
from services.cli.quality import bleu_and_chrf, plain, sentences, word_error_rate
from services.cli.report import report
from services.cli.simuleval import instance
from services.cli.thresholds import THRESHOLDS
from services.cli.timeline import STRIP_MS, Lane, draw
from services.cli.verdicts import verdicts
from services.common import stages
from tests.unit.cli.talks import EPOCH, caption, segment, talk


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


def test_the_terminal_shows_figures_and_what_was_missed() -> None:
    output = io.StringIO()
    terminal.show(Console(file=output, width=100), report([talk(lost=True)]))
    shown = output.getvalue()
    assert "Português" in shown
    assert "1.2 / 1.2" in shown
    assert "pt words lost 3 > 0" in shown


def test_captions_are_lines_where_there_is_no_terminal_and_a_view_where_there_is() -> None:
    for is_terminal in (False, True):
        output = io.StringIO()
        console = Console(file=output, width=100, force_terminal=is_terminal)
        with LiveCaptions(console, "A talk", 60, ["pt"]) as live:
            live.notice("pt", caption(0, 0, 1_000, "Bom dia"), EPOCH + 2_500)
            live.notice("pt", caption(1, 1_000, 2_000, "Como vai"), EPOCH + 3_000)
        assert "+1.5 s" in output.getvalue()
        assert ("Bom dia." if is_terminal else "    1.0 s  pt  +1.5 s  Bom dia\n") in output.getvalue()


def test_simuleval_has_a_delay_for_every_word_and_none_beyond_the_source() -> None:
    given = talk()
    made = instance(3, Path("en-hello.flac"), given, given.languages["pt"])
    assert made.prediction == "Bom dia Como vai"
    assert made.prediction_length == len(made.elapsed) == len(made.delays) == 4
    assert made.elapsed == [2_000, 2_000, 4_000, 4_000]
    assert made.delays == [2_000, 2_000, 3_500, 3_500]
    assert made.source_length == 3_500


def test_the_picture_shows_every_segment_with_its_lag() -> None:
    given = talk()
    far = segment(2, STRIP_MS + 500, STRIP_MS + 900, "Até <logo> & adeus")
    lane = Lane("Português", [*given.languages["pt"].segments, far])
    picture = draw("A & B", "lags", "English", words_of(given.finals), [lane])
    texts = [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("text")]
    assert {"A & B", "English", "Português", "0:20", "0:40"} <= set(texts)
    assert texts.count("1.2") == 3
    assert "Até <logo> & adeus" in " ".join(texts)


def test_a_talk_in_which_nothing_was_said_has_a_picture_too() -> None:
    ElementTree.fromstring(draw("A", "b", "English", [], []))


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
