"""What the services count: how it is called, and that it is documented."""

import re
from pathlib import Path

import pytest

from tests.exported import Metric, exported

ROOT = Path(__file__).resolve().parents[2]
BOUNDED = {
    "outcome",
    "code",
    "kind",
    "notice",
    "stage",
    "source",
    "language",
    "loss",
    "work",
    "engine",
    "found",
    "topic",
}
"""Labels with a few values each, whoever talks and listens."""

every_metric = pytest.mark.parametrize("metric", exported().values(), ids=lambda metric: metric.name)


@every_metric
def test_a_name_ends_with_its_unit_and_labels_are_bounded(metric: Metric) -> None:
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith("_seconds") == (metric.kind == "histogram")
    assert set(metric.labels) <= BOUNDED


@every_metric
def test_a_metric_is_documented_with_its_labels(metric: Metric) -> None:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    assert f"| `{metric.name}` | {labels} |" in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_no_metric_is_documented_that_does_not_exist() -> None:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(dragoman_\w+)`", text)) == set(exported())


def test_metrics_are_declared_where_they_are_looked_for() -> None:
    declared = {
        path.name
        for path in (ROOT / "services").rglob("*.py")
        if re.search(r'(Counter|Gauge|Histogram)\(\s*"', path.read_text(encoding="utf-8"))
    }
    assert declared == {"metrics.py"}
