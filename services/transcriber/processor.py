"""All sessions of one partition of ``audio``: a ``Processor`` from frames to transcripts."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator

from services.common.contracts import Final, Finished, Frame, Recognition, Transcript
from services.common.errors import Fatal, RecordRefused
from services.common.kafka import Outbox, Received
from services.common.topics import TRANSCRIPTS
from services.transcriber.ports import Recognizer
from services.transcriber.session import Session
from services.transcriber.stabilizer import Transcribed
from services.transcriber.streams import Limits, Streams

_FINISHED_REMEMBERED = 10_000
"""Sessions whose frames may still come again in a replay."""


class Transcriber:
    """See ``Processor``. Each session has a task of its own, so none waits for another's engine."""

    def __init__(self, recognizer: Recognizer, outbox: Outbox, streams: Streams, limits: Limits) -> None:
        self._recognizer = recognizer
        self._outbox = outbox
        self._streams = streams
        self._limits = limits
        self._transcribed: dict[str, Transcribed] = {}
        """Of sessions that were published by whoever had the partition before and have no frame here yet."""
        self._unrecognized: set[str] = set()
        """Those of them whose listeners were told that they aren't recognized."""
        self._ignored: OrderedDict[str, None] = OrderedDict()
        """Sessions that are finished or can't be recognized."""
        self._sessions: dict[str, Session] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    async def restore(self, tail: AsyncIterator[Received[Transcript]]) -> None:
        """See ``Processor.restore``."""
        async for received in tail:
            match received.record:
                case Final(session_id=session_id) as final:
                    self._transcribed[session_id] = self._transcribed.get(session_id, Transcribed()).after(final)
                case Finished(session_id=session_id):
                    self._transcribed.pop(session_id, None)
                    self._unrecognized.discard(session_id)
                    self._ignore(session_id)
                case Recognition(session_id=session_id, works=works):
                    (self._unrecognized.discard if works else self._unrecognized.add)(session_id)

    async def handle(self, received: Received[Frame]) -> None:
        """See ``Processor.handle``. The first frame of a session whose language nobody recognizes here is refused."""
        frame = received.record
        if frame.session_id in self._ignored:
            return
        session = self._sessions.get(frame.session_id)
        if session is None:
            if frame.language not in self._recognizer.languages:
                self._ignore(frame.session_id)
                unheard = Recognition(session_id=frame.session_id, language=frame.language, works=False)
                self._outbox.put(TRANSCRIPTS, unheard)
                raise RecordRefused(f"no recognizer of {frame.language} here, for session {frame.session_id}")
            session = self._begin(frame.session_id, frame.language)
        await session.hear(received)

    def settled(self, position: int) -> int:
        """See ``Processor.settled``."""
        offsets = (session.oldest_offset for session in self._sessions.values())
        return min((offset for offset in offsets if offset is not None), default=position)

    async def close(self) -> None:
        """See ``Processor.close``."""
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, session_id: str, language: str) -> Session:
        session = Session(
            session_id,
            language,
            recognizer=self._recognizer,
            outbox=self._outbox,
            streams=self._streams,
            limits=self._limits,
            transcribed=self._transcribed.pop(session_id, Transcribed()),
            recognized=session_id not in self._unrecognized,
        )
        self._unrecognized.discard(session_id)
        self._sessions[session_id] = session
        task = asyncio.create_task(session.run(), name=f"session {session_id}")
        task.add_done_callback(lambda task: self._end(session_id, task))
        self._tasks[session_id] = task
        return session

    def _end(self, session_id: str, task: asyncio.Task[None]) -> None:
        """The session is finished; what ends its task otherwise is a fault of this program."""
        del self._tasks[session_id]
        if self._closing:
            return
        if task.cancelled():
            self._outbox.fail(Fatal(f"session {session_id} was cancelled by what it called"))
            return
        if (failure := task.exception()) is not None:
            self._outbox.fail(failure)
            return
        del self._sessions[session_id]
        self._ignore(session_id)

    def _ignore(self, session_id: str) -> None:
        self._ignored[session_id] = None
        while len(self._ignored) > _FINISHED_REMEMBERED:
            self._ignored.popitem(last=False)
