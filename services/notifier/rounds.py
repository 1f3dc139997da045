"""Who has news goes round: thousands are told in a few steps of the loop, not in one each.

A callback for each listener would be an object for each, alive while the garbage collector runs, until it looks through
all that thousands of listeners consist of, and nobody is told anything for that time.
"""

import asyncio
from collections import deque
from typing import Protocol

_STEP = 200
"""Listeners that are told before the loop may do something else: read, for one."""


class Awaiting(Protocol):
    """Somebody for whom there may be news."""

    def send_news(self) -> None:
        """Send what there is. Doesn't wait."""


class Rounds:
    """In the order of the calls."""

    def __init__(self) -> None:
        self._due: deque[Awaiting] = deque()
        self._going = False

    def add(self, awaiting: Awaiting) -> None:
        """Have its news sent soon."""
        self._due.append(awaiting)
        if not self._going:
            self._going = True
            asyncio.get_running_loop().call_soon(self._go)

    def _go(self) -> None:
        try:
            for _ in range(min(_STEP, len(self._due))):
                self._due.popleft().send_news()
        finally:  # a fault of one is the loop's to report; the others are told nevertheless
            self._going = bool(self._due)
            if self._going:
                asyncio.get_running_loop().call_soon(self._go)
