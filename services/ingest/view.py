"""What this task knows of sessions from the ``sessions`` topic, and who wants to hear of changes."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from services.common.codes import folded
from services.common.contracts import Session, State
from services.common.kafka import Received

_ENDED_REMEMBERED = 20_000
"""Ids and codes of sessions that ended lately."""


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
        self._ended: OrderedDict[str, None] = OrderedDict()
        self.overtaken: dict[str, Session] = {}
        """Of which the topic holds an older state last, by id, as they are known: to be announced again, since whoever
        starts later would believe the topic."""
        self.partitions: dict[str, int] = {}
        """Of sessions that are open, as far as the topic was read: it is the same one in all topics."""
        self._watches: dict[str, set[Watch]] = {}

    def apply(self, session: Session) -> None:
        """Take a state in, from the topic or from this task's own change; one that is no news is ignored.

        Tasks announce each for themselves, so an older state may come after a newer one, after the end too, which is
        final.
        """
        session_id, ended = session.session_id, session.state is State.ENDED
        known = self.open.get(session_id)
        older = known is not None and session.revision <= known.revision
        if session_id in self._ended or (older and not ended):
            return
        if ended:
            self.open.pop(session_id, None)
            self.partitions.pop(session_id, None)
            self._remember_ended(session_id, folded(session.code))
        else:
            self.open[session_id] = session
        for watch in self._watches.get(session_id, ()):
            watch.tell(session)

    def has_ended(self, name: str) -> bool:
        """Whether this was the id or the code (folded) of a session that ended lately."""
        return name in self._ended

    def _remember_ended(self, *names: str) -> None:
        for name in names:
            self._ended[name] = None
            if len(self._ended) > _ENDED_REMEMBERED:
                self._ended.popitem(last=False)

    async def follow(self, records: AsyncIterator[Received[Any]]) -> None:
        """Take in everything that comes, for ever."""
        async for received in records:
            self.take(received)

    def take(self, received: Received[Session]) -> None:
        """One record of the topic."""
        session = received.record
        self.apply(session)
        session_id, known = session.session_id, self.open.get(session.session_id)
        if known is not None:
            self.partitions[session_id] = received.partition
        if known is None and session.state is not State.ENDED:
            self.overtaken[session_id] = msgspec.structs.replace(session, state=State.ENDED)
        elif known is not None and session.revision < known.revision:
            self.overtaken[session_id] = known
        else:
            self.overtaken.pop(session_id, None)

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
