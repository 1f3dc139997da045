"""The floors of the sessions that speak through this task: how far each is, and which connection holds it."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.clock import now_ms
from services.common.contracts import Session, State
from services.ingest.floor import Allowance, Position, sample_at


class Hold:
    """One connection's hold on a floor. ``taken``: another wants it, so leave."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.taken = asyncio.Event()
        self.left = asyncio.Event()


class Floor:
    """A session's floor. ``position``: up to where Kafka has it; None where this task has yet to ask."""

    def __init__(self, allowance: Allowance) -> None:
        self.position: Position | None = None
        self.allowance = allowance
        self.hold: Hold | None = None
        self.spoken_by = ""
        """The connection that the position is of."""
        self.empty_since_s = time.monotonic()
        self.turn = asyncio.Lock()


class Floors:
    """Floors by session id; one is kept until its session ends, or its speaker has long been at another task."""

    def __init__(self, instance: str, *, burst_s: float, rate: float, leave_s: float) -> None:
        """instance: this task's name. leave_s: how long a connection that is taken over may take to leave."""
        self._instance = instance
        self._prefix = f"{instance}/{int(now_ms())}-"
        self._numbers = itertools.count(1)
        self._burst_s = burst_s
        self._rate = rate
        self._leave_s = leave_s
        self._floors: dict[str, Floor] = {}

    def floor(self, session_id: str) -> Floor:
        """The session's floor, made where there is none."""
        if session_id not in self._floors:
            self._floors[session_id] = Floor(Allowance(self._burst_s, self._rate))
        return self._floors[session_id]

    def forget(self, session_id: str) -> None:
        """The session has ended."""
        self._floors.pop(session_id, None)

    @asynccontextmanager
    async def held(self, session: Session) -> AsyncIterator[tuple[Floor, Hold]]:
        """Hold the floor for the length of the block; whoever had it leaves first."""
        floor = self.floor(session.session_id)
        async with floor.turn:
            if floor.hold is not None:
                floor.hold.taken.set()
                await asyncio.wait_for(floor.hold.left.wait(), self._leave_s)
            if session.speaker != floor.spoken_by:
                floor.position = None  # it was spoken in through another task since
            hold = floor.hold = Hold(f"{self._prefix}{next(self._numbers)}")
        try:
            yield floor, hold
        finally:
            floor.hold = None
            floor.empty_since_s = time.monotonic()
            hold.left.set()

    def abandoned(self, for_s: float) -> list[str]:
        """Ids of sessions whose floor nobody here has held for this long."""
        since = time.monotonic() - for_s
        return [
            session_id
            for session_id, floor in self._floors.items()
            if floor.hold is None and floor.empty_since_s < since
        ]

    def ours(self, connection: str) -> bool:
        """Whether that is or was a connection to this task, before its restart included."""
        return connection.startswith(f"{self._instance}/")

    def adopt(self, session: Session) -> None:
        """A session from before this task's restart: its speaker has the grace period to come back."""
        if self.ours(session.speaker):
            self.floor(session.session_id)

    def position(self, session: Session) -> Position:
        """Where the session's audio goes on; where unknown, a place that is surely not before its end."""
        floor = self._floors.get(session.session_id)
        if floor is not None and floor.position is not None and not floor.position.unknown:
            return floor.position
        if session.state is State.CREATED:
            return Position()
        return Position(0, sample_at(session.created_at_ms, now_ms()))
