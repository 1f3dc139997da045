"""Where a floor stands, as the ``audio`` topic has it: for a task that did not take its last frames itself."""

import asyncio
from collections.abc import Sequence

import structlog

from services.common.clock import now_ms
from services.common.contracts import Session
from services.common.kafka import Cluster, KafkaUnavailable, LogReader
from services.common.topics import AUDIO, AUDIO_KEPT_MS
from services.ingest import metrics
from services.ingest.floor import Position
from services.ingest.view import SessionView

_LOOK_BACK_S = (15.0, 180.0, AUDIO_KEPT_MS / 1000)
"""A client comes back soon, a machine later; what is older is not kept."""
_CLOCKS_DIFFER_S = 60.0

log = structlog.get_logger(__name__)


class KafkaAudioLog:
    """``ports.AudioLog``. A client of its own for each look: they are rare."""

    def __init__(
        self,
        cluster: Cluster,
        client_id: str,
        view: SessionView,
        *,
        limit_s: float,
        look_back_s: Sequence[float] = _LOOK_BACK_S,
    ) -> None:
        """limit_s: of all looks; clients wait for 10 s. look_back_s: how far each goes, until one finds something."""
        self._cluster = cluster
        self._client_id = f"{client_id}-floor"
        self._view = view
        self._limit_s = limit_s
        self._look_back_s = look_back_s

    async def position(self, session: Session) -> Position | None:
        begun_ms = session.created_at_ms - _CLOCKS_DIFFER_S * 1000
        back_s = self._look_back_s[0]
        try:
            async with asyncio.timeout(self._limit_s):
                for back_s in self._look_back_s:
                    since_ms = max(begun_ms, now_ms() - back_s * 1000)
                    position = await self._look(session.session_id, since_ms)
                    if position.next_sample:
                        log.info("floor_found", back_s=back_s, next_sample=position.next_sample)
                        return position
                    if since_ms == begun_ms:
                        break
        except TimeoutError:
            if back_s == self._look_back_s[0]:
                raise KafkaUnavailable(f"the floor was not found within {self._limit_s:g} s") from None
            # A talk that is long gone may not be kept out by how much others have said since.
            log.warning("floor_not_found", back_s=back_s)
            metrics.FLOORS_UNKNOWN.inc()
        return None

    async def _look(self, session_id: str, since_ms: float) -> Position:
        """Where its frames of that time lead; at sample 0 if there are none."""
        position = Position()
        partition = self._view.partitions.get(session_id)
        async with LogReader.open(
            self._cluster, [AUDIO], client_id=self._client_id, since_ms=since_ms, partition=partition
        ) as reader:
            async for received in reader.to_end():
                if received.record.session_id == session_id:
                    position.follow(received.record)
        return position
