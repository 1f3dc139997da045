"""The audio of one session for which no stream was free, until a mark says so. Pure."""

from services.common.contracts import LEAST_MISSING_S, SAMPLE_RATE, Frame
from services.common.kafka import Received


class Unheard:
    """One stretch of it. Its offset is held, so that a takeover hears of what no mark has told yet."""

    def __init__(self) -> None:
        self._first: Received[Frame] | None = None
        self._last: Frame | None = None

    @property
    def oldest_offset(self) -> int | None:
        """Where a takeover would have to begin to read; None: all that was refused has its mark."""
        return self._first.offset if self._first is not None else None

    def goes_on_with(self, frame: Frame) -> bool:
        """Whether the frame is of the same stretch as those so far."""
        if self._last is None:
            return True
        gap = frame.first_sample - self._last.first_sample - self._last.samples
        return not frame.missing_samples and gap < LEAST_MISSING_S * SAMPLE_RATE

    def append(self, received: Received[Frame]) -> None:
        """One more frame."""
        self._first = self._first or received
        self._last = received.record

    def take(self) -> tuple[Frame, Frame] | None:
        """The first frame and the last, to be marked now; None: there is none."""
        span = (self._first.record, self._last) if self._first is not None and self._last is not None else None
        self._first = self._last = None
        return span
