"""What a speaker's client has captured and Kafka doesn't have yet, with its place in the session. No I/O."""

from collections import deque
from dataclasses import dataclass, field, replace

from services.cli.clients.microphone import Captured
from services.common.frames import WireFrame

KEPT_FRAMES = 1280
"""About two minutes of 96 ms frames, so that a broker may be gone for one.

Whatever is captured beyond that without a connection is lost for good.
"""


@dataclass
class Uplink:
    """Frames that were captured and that Kafka doesn't have yet, oldest first. At most ``limit``."""

    limit: int = KEPT_FRAMES
    _kept: deque[WireFrame] = field(default_factory=deque)
    _next_seq: int = 0
    _first_sample: int = 0
    """Where on the session's floor this talk begins."""
    lost_frames: int = 0
    """Captured while the link was down for too long."""

    def begin(self, next_seq: int, next_sample: int) -> None:
        """Go on where the session's floor stands: with all that was captured so far, too."""
        self._kept = deque(
            replace(frame, seq=frame.seq + next_seq, first_sample=frame.first_sample + next_sample)
            for frame in self._kept
        )
        self._next_seq += next_seq
        self._first_sample += next_sample

    def add(self, captured: Captured) -> None:
        """Keep a frame; when full it is lost, and the next one's first sample leaves the gap visible."""
        if len(self._kept) >= self.limit:
            self.lost_frames += 1
            return
        first_sample = self._first_sample + captured.first_sample
        self._kept.append(WireFrame(self._next_seq, first_sample, captured.captured_at_ms, captured.pcm))
        self._next_seq += 1

    def pass_over(self, captured: Captured) -> None:
        """The speaker doesn't want it to be heard: the sample clock stands still meanwhile."""
        self._first_sample -= len(captured.pcm) // 2

    def acknowledge(self, seq: int) -> None:
        """Kafka has all frames up to this one."""
        while self._kept and self._kept[0].seq <= seq:
            self._kept.popleft()

    def after(self, seq: int) -> WireFrame | None:
        """The first kept frame from ``seq`` on, or None."""
        if not self._kept:
            return None
        at = max(0, seq - self._kept[0].seq)
        return self._kept[at] if at < len(self._kept) else None

    @property
    def first_unacknowledged(self) -> int:
        """What ``start`` tells ingest."""
        return self._kept[0].seq if self._kept else self._next_seq
