"""Whether the sample clock drifts against the speech, as a recording tells that was played again and again.

A recording without a seam says each of its words every ``loop_ms``. A word that is recognized at another place of the
recording than the first time, and more so each time, is a clock that drifts.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from services.common.contracts import Word

_MINUTE_MS = 60_000
_NEAR_MS = 1_000.0
"""The same word farther away is another one."""


def by_minute(words: Sequence[Word], loop_ms: float) -> list[float | None]:
    """Of each minute: the median of how much later (or, negative, earlier) its words end than the same words did when
    the recording was first played; None where there are none to compare, as in the first playing. Milliseconds."""
    first: dict[str, list[float]] = defaultdict(list)
    moved: dict[int, list[float]] = defaultdict(list)
    for word in words:
        text = word.text.casefold().strip(".,?!")
        if word.end_ms < loop_ms:
            first[text].append(word.end_ms)
        elif (nearest := _nearest(first[text], word.end_ms % loop_ms)) is not None:
            moved[int(word.end_ms // _MINUTE_MS)].append(nearest)
    minutes = int(words[-1].end_ms // _MINUTE_MS) + 1 if words else 0
    return [round(median(moved[minute]), 1) if moved[minute] else None for minute in range(minutes)]


def _nearest(places_ms: Sequence[float], at_ms: float) -> float | None:
    """How much later than the nearest of these; None where none is near."""
    at = bisect_left(places_ms, at_ms)
    distances = [at_ms - place for place in places_ms[max(0, at - 1) : at + 1]]
    least = min(distances, key=abs, default=None)
    return least if least is not None and abs(least) <= _NEAR_MS else None
