"""What time does to sessions: one that its speaker left is paused, one that is too old ends."""

import asyncio

import structlog

from services.common.clock import now_ms
from services.common.kafka import KafkaUnavailable
from services.ingest.admission import ON_AIR
from services.ingest.floors import Floors
from services.ingest.ports import StoreUnavailable
from services.ingest.sessions import Sessions
from services.ingest.view import SessionView

_LOOK_S = 1.0

log = structlog.get_logger(__name__)


class Keeper:
    """Once a second: pauses this task's talks whose speaker is gone, ends talks of any task that last too long."""

    def __init__(
        self, sessions: Sessions, floors: Floors, view: SessionView, *, grace_s: float, max_session_s: float
    ) -> None:
        self._sessions = sessions
        self._floors = floors
        self._view = view
        self._grace_s = grace_s
        self._max_session_s = max_session_s

    async def run(self, stopping: asyncio.Event) -> None:
        """Until the service stops. What can't be done now is tried again at the next look."""
        while not stopping.is_set():
            try:
                await self.look()
            except (KafkaUnavailable, StoreUnavailable) as fault:
                log.warning("sessions_not_kept", reason=str(fault))
            try:
                await asyncio.wait_for(stopping.wait(), _LOOK_S)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Once. Raises KafkaUnavailable, StoreUnavailable."""
        await self._sessions.complete_ends()
        for session in list(self._view.overtaken.values()):
            await self._sessions.announce(session)
        oldest_ms = now_ms() - self._max_session_s * 1000
        for session in list(self._view.open.values()):
            if session.created_at_ms < oldest_ms:
                await self._sessions.end(session)
        for session_id in self._floors.abandoned(self._grace_s):
            known = self._view.open.get(session_id)
            if known is None or not self._floors.ours(known.speaker):
                self._floors.forget(session_id)
            elif known.state in ON_AIR:
                await self._sessions.pause_abandoned(known)
