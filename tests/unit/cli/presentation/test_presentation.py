"""How a talk and its figures are shown: tables, live captions, the picture, SimulEval's form."""

import io
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console

from services.cli.evaluation.lag import words_of
from services.cli.evaluation.report import report
from services.cli.presentation import terminal
from services.cli.presentation.live import LiveCaptions
from services.cli.presentation.simuleval import instance
from services.cli.presentation.timeline import STRIP_MS, Lane, draw
from tests.unit.cli.talks import EPOCH, caption, segment, talk


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
