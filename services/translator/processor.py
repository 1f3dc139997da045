"""Transcripts in, translations out: all sessions of one partition, from its takeover until it is lost."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import cast

from services.common.contracts import Final, Finished, Transcript, Translation
from services.common.errors import Fatal, ends_process
from services.common.kafka import Outbox, Received
from services.common.topics import TRANSLATIONS
from services.translator.lane import Lane
from services.translator.session import Session, Workshop

_MOST_WAITING = 2000
"""Words that a lane may have heard and not said before the partition's input is held back."""
_FINISHED_REMEMBERED = 10_000
"""Sessions of which whatever still comes is passed over, as after a takeover."""


class TranslationProcessor:
    """See ``services.common.kafka.Processor``. Made anew at each takeover."""

    def __init__(self, outbox: Outbox, workshop: Workshop) -> None:
        self._outbox = outbox
        self._workshop = workshop
        self._sessions: dict[str, Session] = {}
        self._over: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._progress = asyncio.Event()
        self._closing = False
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
        if record.session_id in self._over:
            return
        match record:
            case Final():
                session = self._session(record.session_id)
                session.hear(cast("Received[Final]", received))
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
        self._closing = True
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
                set_aside=self._outbox.set_aside,
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
        task.add_done_callback(lambda task: self._stopped(lane, task))

    def _stopped(self, lane: Lane, task: asyncio.Task[None]) -> None:
        """Of a lane's fault only its own listeners notice anything, unless nothing can go on after it."""
        self._tasks.discard(task)
        if self._closing:
            return
        if task.cancelled():
            self._outbox.fail(Fatal(f"a lane of session {lane.context.session_id} was cancelled by what it called"))
            return
        if (fault := task.exception()) is None:
            return
        if not isinstance(fault, Exception) or ends_process(fault):
            self._outbox.fail(fault)
            return
        try:
            self._sessions[lane.context.session_id].lane_failed(lane, fault)
        except Exception as further:  # then even going on without is beyond us
            self._outbox.fail(further)
        self._progress.set()

    def _forget_finished(self, session_id: str) -> None:
        if self._sessions[session_id].over:
            del self._sessions[session_id]
            self._over[session_id] = None
            while len(self._over) > _FINISHED_REMEMBERED:
                self._over.popitem(last=False)
