"""What ingest needs: a place for sessions, somebody who takes records to Kafka, and what is there of a floor."""

import asyncio
from typing import Protocol

from services.common.contracts import Session, State
from services.common.topics import R, Topic
from services.ingest.floor import Position


class StoreUnavailable(Exception):
    """The store did not answer, or not with what was asked. Trying again later may work."""


class CodeTaken(Exception):
    """Another live session has this code."""


class SessionStore(Protocol):
    """Sessions and their readable codes. Every method raises StoreUnavailable; each takes a few seconds at most."""

    async def reachable(self) -> bool:
        """Whether it answers."""

    async def create(self, session: Session, code_valid_s: float) -> None:
        """Add a session and its code, both or neither. Raises CodeTaken."""

    async def get(self, session_id: str) -> Session | None:
        """The session, or None."""

    async def find_code(self, code: str) -> Session | None:
        """The session whose valid code this is, or None."""

    async def of_owner(self, owner: str) -> list[Session]:
        """An owner's sessions, newest first, a hundred at most."""

    async def update(
        self,
        session_id: str,
        *,
        state: State | None = None,
        title: str | None = None,
        speaker: str | None = None,
        only_from: tuple[State, ...] | None = None,
        only_speaker: str | None = None,
    ) -> Session | None:
        """Change what is given, unless the session is gone, has ended, or is not as ``only_*`` wants it.

        Each change adds one to the session's ``revision``.
        Returns the session as it is now, or None if nothing was changed. An ended session stays as it is.
        """

    async def forget_code(self, code: str) -> None:
        """The code of an ended session may be given to another."""


class AudioLog(Protocol):
    """What of the sessions' audio Kafka has."""

    async def position(self, session: Session) -> Position | None:
        """Where the session's floor goes on; None: there is none of its audio. Raises KafkaUnavailable."""


class RecordPublisher(Protocol):
    """Records to Kafka, once each and in order within a session. As ``services.common.kafka.Publisher``."""

    async def enqueue(self, topic: Topic[R], record: R) -> "asyncio.Future[object]":
        """Hand a record over; the answer is there when Kafka has it. Raises KafkaUnavailable."""

    async def send(self, topic: Topic[R], record: R) -> None:
        """Return when Kafka has it. Raises KafkaUnavailable."""
