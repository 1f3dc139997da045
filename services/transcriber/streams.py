"""How many sessions are recognized at once, and the bounds of each."""

from dataclasses import dataclass

from services.transcriber import metrics


@dataclass(frozen=True)
class Limits:
    """Bounds of one session. Seconds."""

    gap_filled_s: float = 2.0
    """Missing audio up to this is silence to the recognizer; more of it begins a new stretch."""
    idle_s: float = 10.0
    """No frame to recognize for this long: recognize what there is and close the stream, or mark what was refused."""
    unfed_s: float = 120.0
    """Audio that may wait for the recognizer before the partition's input is held back."""
    silent_s: float = 10.0
    """Listeners are told when every stream has failed for so long."""
    hopeless_s: float = 60.0
    """Audio at which every stream has failed for so long is passed over, before it holds up all other sessions."""


class Streams:
    """How many sessions may be recognized at once in this process."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken = 0

    def take(self) -> bool:
        """Whether there was a free one, which is now taken."""
        if self._taken >= self.limit:
            return False
        self._taken += 1
        metrics.STREAMS.set(self._taken)
        return True

    def give_back(self) -> None:
        self._taken -= 1
        metrics.STREAMS.set(self._taken)
