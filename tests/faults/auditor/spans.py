"""Sets of milliseconds of floor audio."""

from collections.abc import Iterable
from typing import Self


class Spans:
    """Stretches that don't touch, in order."""

    def __init__(self, stretches: Iterable[tuple[float, float]] = ()) -> None:
        merged: list[tuple[float, float]] = []
        for start, end in sorted(stretches):
            if end <= start:
                continue
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        self.stretches = tuple(merged)

    @property
    def total_ms(self) -> float:
        return sum(end - start for start, end in self.stretches)

    def without(self, other: Self) -> "Spans":
        """What is in this and not in the other."""
        left: list[tuple[float, float]] = []
        for start, end in self.stretches:
            for cut_start, cut_end in other.stretches:
                if cut_end <= start or cut_start >= end:
                    continue
                left.append((start, cut_start))
                start = cut_end
            left.append((start, end))
        return Spans(left)
