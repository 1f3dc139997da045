"""What this task knows of sessions from the ``sessions`` topic, and who wants to hear of changes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from services.common.contracts import Session, State
from services.common.kafka import Received


class Watch:
    """The newest state of one session, for one who waits."""

    def __init__(self) -> None:
        self._untaken: Session | None = None
        self._changed = asyncio.Event()

    def tell(self, session: Session) -> None:
        """Replace what was not taken yet."""
        self._untaken = session
        self._changed.set()

    async def next(self) -> Session:
        """The newest state, once there is one that was not taken yet."""
        while (session := self._untaken) is None:
            self._changed.clear()
            await self._changed.wait()
        self._untaken = None
        return session


class SessionView:
    """Sessions that have not ended, by id."""

    def __init__(self) -> None:
        self.open: dict[str, Session] = {}
        self._watches: dict[str, set[Watch]] = {}

    def apply(self, session: Session) -> None:
        """Take a state in, from the topic or from this task's own change. Ignored unless newer than what is known."""
        known = self.open.get(session.session_id)
        if known is not None and session.updated_at_ms <= known.updated_at_ms:
            return
        if session.state is State.ENDED:
            self.open.pop(session.session_id, None)
        else:
            self.open[session.session_id] = session
        for watch in self._watches.get(session.session_id, ()):
            watch.tell(session)

    async def follow(self, records: AsyncIterator[Received[Any]]) -> None:
        """Take in everything that comes, for ever."""
        async for received in records:
            self.apply(received.record)

    @contextmanager
    def watch(self, session_id: str) -> Iterator[Watch]:
        """Hear of one session's changes for the length of the block."""
        watch = Watch()
        watches = self._watches.setdefault(session_id, set())
        watches.add(watch)
        try:
            yield watch
        finally:
            watches.discard(watch)
            if not watches:
                self._watches.pop(session_id, None)
