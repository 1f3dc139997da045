"""A load's figures in the terminal and as a picture."""

import io
from xml.etree import ElementTree

from rich.console import Console

from services.cli.evaluation.load import Level, Times
from services.cli.presentation import load_figures


def level(listeners: int, p50: float | None, p99: float | None) -> Level:
    times = Times(p50, p50, p99, p99)
    return Level(
        wanted=listeners, listeners=listeners, refused={"full": 3}, join_ms=times, held_s=20.0, notices=100,
        announce_delay_ms=times, lost=0, repeated=1, closed={"4408": 2}, clips=0, unfetched=0,
        fetch_ms=Times(None, None, None, None), notifier_mb=100.0, kb_per_listener=16.25, notifier_cores=0.5,
        us_per_notice=30.0, crowd_cores=0.1,
    )  # fmt: skip


def test_the_table_fits_a_terminal_and_has_a_row_for_each_level() -> None:
    output = io.StringIO()
    Console(file=output, width=80).print(load_figures.table([level(100, 5.0, 20.0), level(2000, None, None)]))
    header, first, second = output.getvalue().splitlines()
    assert "p50 / p95 / p99 ms" in header
    assert first.split("  ")[-1].strip() == "0.50"
    assert "5 / 5 / 20" in first
    assert "2, 3" in first
    assert "- / - / -" in second


def test_the_picture_has_a_point_for_each_figure_that_there_is() -> None:
    series = {"A & B": [level(100, 5.0, 20.0), level(2000, 51.0, 203.0)], "C": [level(100, None, None)]}
    root = ElementTree.fromstring(
        load_figures.picture(
            {name: load_figures.points(levels) for name, levels in series.items()}, "Delay <ms>", "here"
        )
    )
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"Delay <ms>", "A & B", "100", "2000", "5", "20", "51", "203"} <= set(texts)


def test_a_load_that_nobody_joined_has_a_picture_too() -> None:
    ElementTree.fromstring(load_figures.picture({"A": load_figures.points([level(0, None, None)])}, "a", "b"))
