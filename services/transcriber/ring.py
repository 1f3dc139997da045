"""The audio of one session that is not settled yet, with the offsets that it came from. Pure."""

from collections import deque
from itertools import islice

from services.common.contracts import SAMPLE_RATE, Frame
from services.common.kafka import Received


class Ring:
    """Frames and marks in order. Those that the recognizer was fed stay until what they say is settled."""

    def __init__(self, context_ms: float = 0.0) -> None:
        """context_ms: how much of what was fed last is remembered once it is settled."""
        self._items: deque[Received[Frame]] = deque()
        self._fed = 0
        self._unfed_samples = 0
        self._context_ms = context_ms
        self._settled: deque[Frame] = deque()
        """The last of them, each of which begins where the one before it ends."""

    def append(self, received: Received[Frame]) -> None:
        """One more, not fed yet."""
        self._items.append(received)
        self._unfed_samples += received.record.samples

    @property
    def oldest_offset(self) -> int | None:
        """Where a takeover would have to begin to read; None: nothing is held."""
        return self._items[0].offset if self._items else None

    @property
    def next(self) -> Received[Frame] | None:
        """The first that was not fed."""
        return self._items[self._fed] if self._fed < len(self._items) else None

    @property
    def unfed_ms(self) -> float:
        """How much audio waits to be fed. What is missing in it, and marks, take no time."""
        return self._unfed_samples * 1000 / SAMPLE_RATE

    @property
    def fed_ms(self) -> float:
        """How much audio was fed and is held."""
        return sum(item.record.samples for item in islice(self._items, self._fed)) * 1000 / SAMPLE_RATE

    @property
    def fed(self) -> list[Received[Frame]]:
        """What was fed and is held."""
        return list(islice(self._items, self._fed))

    @property
    def fed_span(self) -> tuple[Frame, Frame] | None:
        """The first and the last of what was fed and is held, without marks."""
        frames = [item.record for item in islice(self._items, self._fed) if item.record.mark is None]
        return (frames[0], frames[-1]) if frames else None

    def feed(self) -> None:
        """``next`` has been fed."""
        self._unfed_samples -= self._items[self._fed].record.samples
        self._fed += 1

    def rewind(self) -> None:
        """All that is held has to be fed again."""
        self._unfed_samples += sum(item.record.samples for item in islice(self._items, self._fed))
        self._fed = 0

    @property
    def context(self) -> list[Frame]:
        """What was said right before the first that is held, as far as it is remembered; nothing after a mark or a gap.

        It is settled, so a takeover does not read it again.
        """
        first = self._items[0].record if self._items else None
        return list(self._settled) if first is not None and self._goes_on_with(first) else []

    def settle_before(self, ms: float) -> None:
        """Let go what was fed and ends before this floor time."""
        self._settle(sum(1 for item in islice(self._items, self._fed) if item.record.end_ms <= ms))

    def settle_fed(self) -> None:
        """Let go all that was fed."""
        self._settle(self._fed)

    def give_up_fed(self) -> None:
        """Let go all that was fed, context too, and never give it to a recognizer again."""
        self.settle_fed()
        self._settled.clear()

    def _settle(self, count: int) -> None:
        if not count:
            return
        fed_until_ms = self._items[self._fed - 1].record.end_ms
        self._fed -= count
        for _ in range(count):
            frame = self._items.popleft().record
            if not self._goes_on_with(frame):
                self._settled.clear()
            if frame.mark is None:
                self._settled.append(frame)
        while self._settled and self._settled[0].end_ms <= fed_until_ms - self._context_ms:
            self._settled.popleft()

    def _goes_on_with(self, frame: Frame) -> bool:
        """Whether the frame begins where what was settled last ends."""
        last = self._settled[-1] if self._settled else None
        end = last and last.first_sample + last.samples
        return frame.mark is None and not frame.missing_samples and frame.first_sample == end

    def at(self, ms: float) -> Received[Frame] | None:
        """The fed frame that holds this floor time, else the nearest; the next one, where only context was fed."""
        fed = islice(self._items, self._fed)
        holding = next((item for item in fed if item.record.end_ms >= ms), None)
        return holding or (self._items[self._fed - 1] if self._fed else self.next)
