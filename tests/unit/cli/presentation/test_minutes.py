"""A long talk as a picture."""

from dataclasses import replace
from xml.etree import ElementTree

from services.cli.evaluation.report import report
from services.cli.evaluation.usage import Usage
from services.cli.presentation import minutes
from tests.unit.cli.talks import talk


def test_the_picture_has_a_line_for_each_language_each_process_and_the_drift() -> None:
    usage = {"ingest": Usage(80.0, 0.0, 1.0, [70.0, 80.0]), "transcriber": Usage(90.0, 500.0, 2.0, [590.0, 580.0])}
    drawn = minutes.picture(report([replace(talk(), usage=usage, loop_s=1.5)]))
    texts = [node.text for node in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Português", "ingest", "transcriber"} <= set(texts)


def test_a_talk_of_which_nothing_was_heard_has_a_picture_too() -> None:
    silent = replace(talk(), finals=(), languages={}, usage={}, loop_s=1.5)
    ElementTree.fromstring(minutes.picture(report([silent])))
