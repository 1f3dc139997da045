"""A report's figures beside what they have to reach."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from services.cli.evaluation.report import Report
from services.cli.evaluation.thresholds import THRESHOLDS, Threshold


@dataclass(frozen=True)
class Verdict:
    """A figure that was measured, and whether it is within its limit."""

    threshold: Threshold
    language: str | None
    value: float

    @property
    def met(self) -> bool:
        """Whether it is within the limit."""
        return self.threshold.met_by(self.value)


def verdicts(report: Report) -> list[Verdict]:
    """One for each figure that has a limit and was measured."""
    figures = msgspec.to_builtins(report)
    return [
        Verdict(threshold, language, value)
        for threshold in THRESHOLDS
        for language, value in _find(figures, threshold.path.split("."), None)
    ]


def _find(figures: object, path: list[str], language: str | None) -> Iterator[tuple[str | None, float]]:
    if not path:
        if isinstance(figures, int | float):
            yield language, figures
        return
    if not isinstance(figures, dict):
        return
    step, *rest = path
    if step == "*":
        for code, of_language in figures.items():
            yield from _find(of_language, rest, code)
    elif step in figures:
        yield from _find(figures[step], rest, language)
