"""Transcripts in, translations out: all sessions of one partition, from its takeover until it is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import structlog

from services.common.contracts import Final, Finished, Transcript, Translation
from services.common.errors import Fatal
from services.common.kafka import Outbox, Received
from services.common.topics import TRANSLATIONS
from services.translator.lane import Lane
from services.translator.session import Session, Workshop

log = structlog.get_logger(__name__)

_MOST_WAITING = 2000
"""Words that a lane may have heard and not said before the partition's input is held back."""


class TranslationProcessor:
    """See ``services.common.kafka.Processor``. Made anew at each takeover."""

    def __init__(self, outbox: Outbox, workshop: Workshop) -> None:
        self._outbox = outbox
        self._workshop = workshop
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._progress = asyncio.Event()
        self._watching = ExitStack()

    async def restore(self, tail: AsyncIterator[Received[Translation]]) -> None:
        """Learn how far each lane is, and make the speech that is missing."""
        async for received in tail:
            self._session(received.record.session_id).restore(received.record)
        self._watching.enter_context(self._workshop.audience.watched(self._follow_audience))
        for session in self._sessions.values():
            session.speak_missing()

    async def handle(self, received: Received[Transcript]) -> None:
        """Give a final to its session. Waits while that session is too far behind."""
        record = received.record
        match record:
            case Final():
                session = self._session(record.session_id)
                session.hear(received.offset, record, received.read_at_ms)
                while session.waiting > _MOST_WAITING:
                    self._progress.clear()
                    await self._progress.wait()
            case Finished():
                self._session(record.session_id).finish(received.offset, record)
                self._forget_finished(record.session_id)

    def settled(self, position: int) -> int:
        """First offset of which a lane still needs something; ``position`` if there is none."""
        unsettled = (session.unsettled for session in self._sessions.values())
        return min((offset for offset in unsettled if offset is not None), default=position)

    async def close(self) -> None:
        """Stop every lane where it is; whoever takes over goes on from what is published."""
        self._watching.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _session(self, session_id: str) -> Session:
        session = self._sessions.get(session_id)
        if session is None:
            session = self._sessions[session_id] = Session(
                session_id,
                self._workshop,
                publish=self._publish,
                lane_ended=lambda: self._forget_finished(session_id),
                start=self._start,
            )
        return session

    def _follow_audience(self, session_id: str) -> None:
        if session := self._sessions.get(session_id):
            session.follow_audience()

    def _publish(self, record: Translation) -> None:
        self._outbox.put(TRANSLATIONS, record, self._workshop.traced(record))
        self._progress.set()

    def _start(self, lane: Lane) -> None:
        task = asyncio.create_task(lane.run())
        self._tasks.add(task)
        task.add_done_callback(self._stopped)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """A lane that fails by more than its engines ends the process: its words can't be left out in silence."""
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("lane_failed", exc_info=fault)
            self._outbox.fail(Fatal(f"a lane failed: {fault!r}"))

    def _forget_finished(self, session_id: str) -> None:
        if self._sessions[session_id].over:
            del self._sessions[session_id]
