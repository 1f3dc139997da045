"""The finals that a lane has heard and may need again: those that it says now, and those that wait their turn. Pure."""

import math
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from services.common.contracts import Final
from services.common.kafka import Received


class Heard(NamedTuple):
    """A final that may have to be heard again after a takeover."""

    end_ms: float
    """Of its words, or of what is missing."""
    received: Received[Final]
    alone: bool
    """It is said only once all before it is said, and what follows waits until it is."""

    @property
    def final(self) -> Final:
        return self.received.record

    @property
    def waits(self) -> bool:
        """One that says what is missing has its place in the order too."""
        return self.alone or self.final.missing is not None


class HeardFinals:
    """In order. A final that has to wait holds back all that follow it."""

    def __init__(self) -> None:
        self._now: deque[Heard] = deque()
        self._behind: deque[Heard] = deque()
        """Begins with one that waits."""

    def hear(self, received: Received[Final], *, alone: bool) -> Heard | None:
        """The next. Returns it if it is said now; None: it waits."""
        final = received.record
        end_ms = final.missing.end_ms if final.missing else final.words[-1].end_ms if final.words else -math.inf
        heard = Heard(end_ms, received, alone)
        if heard.waits or self._behind:
            self._behind.append(heard)
            return None
        self._now.append(heard)
        return heard

    def go_on(self) -> Iterator[Heard]:
        """All before them is said: those that waited, up to the next that has to."""
        while self._behind:
            heard = self._behind.popleft()
            if heard.final.missing is None:
                self._now.append(heard)
            yield heard
            if self._behind and self._behind[0].waits:
                return

    @property
    def hold_back(self) -> bool:
        """Whether any wait."""
        return bool(self._behind)

    @property
    def words_behind(self) -> int:
        """Of those that wait."""
        return sum(len(heard.final.words) for heard in self._behind)

    def settle(self, done_ms: float, needed_ms: float) -> None:
        """Let go those that are said and spoken up to the first time, and that nobody needs from the second on."""
        while self._now and self._now[0].end_ms <= done_ms and self._now[0].end_ms < needed_ms:
            self._now.popleft()

    def clear(self) -> None:
        """Let go those that are said now."""
        self._now.clear()

    @property
    def oldest_offset(self) -> int | None:
        """Of the first that is held; None: none is."""
        held = self._now or self._behind
        return held[0].received.offset if held else None

    @property
    def all(self) -> list[Received[Final]]:
        """Oldest first."""
        return [heard.received for heard in (*self._now, *self._behind)]

    def at(self, end_ms: float) -> Heard:
        """Of those that are said now: the one with the word that ends then. One must be."""
        return next((heard for heard in self._now if heard.end_ms >= end_ms), self._now[-1])
