"""A lane's virtual playhead: when each clip would be heard by a listener who misses none. No I/O, no clock."""

from collections import OrderedDict
from typing import NamedTuple


class Pace(NamedTuple):
    """How speech catches up. Rates are multiples of the voice's own pace."""

    gain_per_s: float = 0.3
    """Faster by this for each second of backlog."""
    free_ms: float = 200
    """Backlog that is left alone."""
    most: float = 1.4
    """Limit while the backlog is ordinary."""
    most_far_behind: float = 1.7
    """Limit when it is not: less pleasant, but a lag that grows is worse."""
    far_behind_ms: float = 2500
    long_clip_ms: float = 2500
    """What is longer makes whatever follows wait, so the rest of it counts as backlog."""

    def rate(self, backlog_ms: float, clip_ms: float) -> float:
        """Speech rate for a clip of that length (at rate 1), given how much is to be played before it."""
        behind_ms = backlog_ms + max(0.0, clip_ms - self.long_clip_ms)
        ordinary = min(self.most, 1 + self._gain(behind_ms - self.free_ms))
        most = max(self.most, self.most_far_behind)
        return min(most, ordinary + self._gain(behind_ms - self.far_behind_ms))

    def _gain(self, excess_ms: float) -> float:
        return self.gain_per_s * max(0.0, excess_ms) / 1000


class _Planned(NamedTuple):
    ready_at_ms: float
    duration_ms: float


class Playhead:
    """Clips follow each other; one that isn't there in time leaves a gap. Times are by a steady clock, in ms."""

    def __init__(self, end_ms: float = 0.0) -> None:
        self._end_ms = end_ms
        """End of the last clip whose length is known."""
        self._planned: OrderedDict[int, _Planned] = OrderedDict()
        self._ms_per_char = 65.0

    def estimate_ms(self, text: str) -> float:
        """How long it takes to say this at the voice's own pace, going by the clips so far."""
        return _SETTLE_MS + self._ms_per_char * len(text)

    def plan(self, index: int, ready_at_ms: float, duration_ms: float) -> None:
        """A segment has been decided; its clip should be ready and as long as this."""
        self._planned[index] = _Planned(ready_at_ms, duration_ms)

    def measured(self, index: int, ready_at_ms: float, duration_ms: float) -> None:
        """The clip is at listeners, and this long; 0: there is none. Clips come in the order of their plans."""
        self._planned.pop(index, None)
        if duration_ms:
            self._end_ms = max(self._end_ms, ready_at_ms) + duration_ms

    def learn(self, text: str, duration_ms: float, rate: float) -> None:
        """Correct the voice's pace by a clip."""
        if len(text) >= _TELLING_CHARS:
            pace = max(0.0, duration_ms * rate - _SETTLE_MS) / len(text)
            self._ms_per_char += 0.2 * (pace - self._ms_per_char)

    def backlog_ms(self, now_ms: float) -> float:
        """How long speech that has been decided will still play."""
        end = self._end_ms
        for clip in self._planned.values():
            end = max(end, clip.ready_at_ms) + clip.duration_ms
        return max(0.0, end - now_ms)

    def ready_ms(self, now_ms: float) -> float:
        """How long clips that are ready will still play."""
        return max(0.0, self._end_ms - now_ms)


_SETTLE_MS = 250.0
"""A clip's share that does not depend on its length."""
_TELLING_CHARS = 12
"""Shorter clips tell little about the pace."""
