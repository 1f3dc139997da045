"""The rules of one session's floor audio: what comes next, what was had already, how fast it may come. Pure."""

from dataclasses import dataclass

from services.common.contracts import LEAST_MISSING_S, SAMPLE_RATE, Frame
from services.common.frames import WireFrame

MAX_CLOCK_LEAD_MS = 2_000.0
"""A capture time this far in the future is a wrong clock."""
MAX_CLOCK_LAG_MS = 120_000.0
"""So is one this far in the past: clients keep two minutes of audio."""


_HANDED_OVER_S = 0.5
"""Sooner after the last frame a new client has taken over, and nothing is missing."""
MIN_FRAME_S = 0.01
"""A shorter frame counts as this long, so that tiny ones can't come by the thousand."""


class OutOfOrder(ValueError):
    """The frame can't follow what came before it; the message says why."""


@dataclass
class Position:
    """The next frame of the floor."""

    next_seq: int = 0
    next_sample: int = 0
    flows: bool = False
    """Whether the next frame follows the last: nothing was meant to be left out between them."""
    captured_at_ms: float = 0.0
    """When the last frame was, wall clock."""
    unknown: bool = False
    """Nobody could say where a floor stands that has begun. The first frame tells."""

    def missing_before(self, frame: WireFrame) -> int:
        """Samples that were to be heard between the last frame and this one, and never came."""
        missing = frame.first_sample - self.next_sample
        return missing if self.flows and missing >= LEAST_MISSING_S * SAMPLE_RATE else 0

    def begins_anew(self, now_ms: float) -> int:
        """The sample at which a client goes on that doesn't know what came before it (its machine died, its page was
        loaded again). What would have come since is missing."""
        missed_s = (now_ms - self.captured_at_ms) / 1000 if self.flows else 0.0
        return self.next_sample + (int(missed_s * SAMPLE_RATE) if missed_s >= _HANDED_OVER_S else 0)

    def accepts(self, frame: WireFrame) -> bool:
        """Move past a new frame; False for one that was had already. Raises OutOfOrder, and does not move then."""
        if frame.seq < self.next_seq:
            return False
        if frame.seq > self.next_seq:
            raise OutOfOrder(f"frame {frame.seq} came where {self.next_seq} was due")
        if frame.first_sample < self.next_sample:
            raise OutOfOrder(f"frame {frame.seq} begins at sample {frame.first_sample}, before {self.next_sample}")
        self.next_seq = frame.seq + 1
        self.next_sample = frame.first_sample + frame.samples
        self.unknown = False
        return True

    def follow(self, frame: Frame) -> None:
        """Move past a frame or a mark that is on the ``audio`` topic; a frame that lies there again changes nothing."""
        if frame.mark is not None:
            self.flows = False
        elif (end := frame.first_sample + frame.samples) > self.next_sample:
            self.next_seq, self.next_sample = frame.seq + 1, end
            self.flows, self.captured_at_ms = True, frame.captured_at_ms


@dataclass
class Allowance:
    """How much audio may come: a burst for what a client kept while it was cut off, refilled at a rate."""

    burst_s: float
    rate: float
    """Seconds of audio per second."""
    _left_s: float = -1.0
    _counted_at_s: float = 0.0

    def takes(self, samples: int, now_s: float) -> bool:
        """Count samples that come at this monotonic time; False where they exceed the allowance."""
        if self._left_s < 0:
            self._left_s, self._counted_at_s = self.burst_s, now_s
        self._left_s = min(self.burst_s, self._left_s + (now_s - self._counted_at_s) * self.rate)
        self._counted_at_s = now_s
        seconds = max(samples / SAMPLE_RATE, MIN_FRAME_S)
        if seconds > self._left_s:
            return False
        self._left_s -= seconds
        return True


def plausible_capture_ms(captured_at_ms: float, received_at_ms: float) -> float:
    """The sender's capture time, or the time of arrival where that can't be right."""
    lag = received_at_ms - captured_at_ms
    return captured_at_ms if -MAX_CLOCK_LEAD_MS <= lag <= MAX_CLOCK_LAG_MS else received_at_ms


def sample_at(created_at_ms: float, now_ms: float) -> int:
    """A sample that no talk of a session this old can have reached: a floor never runs ahead of the wall clock."""
    return max(0, int((now_ms - created_at_ms) * SAMPLE_RATE / 1000))
