"""Faults to order, the same for every stand-in."""

import asyncio
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """An answer that is no answer. ``code``: as the service names it, with its status; None: the connection breaks."""

    code: str | None
    status: int = 400
    message: str = "to order"


BREAKS = Fault(None)
SLOW = Fault("slow")
"""The answer comes when nobody waits for it any more."""
ENDS = Fault("")
"""In a stream: a clean end, too early."""
ENDLESS = Fault("endless")
"""In a stream: it is not ended after the audio has."""
DEAF = Fault("deaf")
"""In a stream: it goes on, without another result."""
DAMAGED = Fault("damaged")
"""In a stream: a message whose checksum is wrong."""


_SLOW_S = 8.0


@dataclass
class Faults:
    """Those of the next calls of an operation, in order; None: that call works."""

    ordered: dict[str, deque[Fault | None]] = field(default_factory=dict)

    def order(self, operation: str, *faults: Fault | None) -> None:
        self.ordered.setdefault(operation, deque()).extend(faults)

    async def next(self, operation: str) -> Fault | None:
        """What goes wrong with this call."""
        waiting = self.ordered.get(operation)
        fault = waiting.popleft() if waiting else None
        if fault is not SLOW:
            return fault
        await asyncio.sleep(_SLOW_S)
        return None

    @property
    def left(self) -> int:
        """How many calls were told of, and didn't come."""
        return sum(map(len, self.ordered.values()))
