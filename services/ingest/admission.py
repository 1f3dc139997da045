"""How many sessions a speaker may have open, and how many talks may be live: who comes beyond that is refused."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from services.common.contracts import Session, State
from services.ingest.refused import Refused
from services.ingest.settings import IngestSettings
from services.ingest.view import SessionView

N = TypeVar("N")
ON_AIR = (State.LIVE, State.MUTED)
"""What counts for the limits: who is muted goes on at any moment, and asks nobody."""

log = structlog.get_logger(__name__)


class Admission:
    """Counts what the view shows, and what is on its way there. Several tasks may let in one more at the same time."""

    def __init__(self, view: SessionView, settings: IngestSettings) -> None:
        self._view = view
        self._settings = settings
        self._creating: Counter[str] = Counter()
        """Sessions that the view doesn't show yet, by owner."""
        self._going_on_air: Counter[tuple[str, str]] = Counter()
        """Calls by which one goes there, by owner and session. The view may show it before they are done."""

    @contextmanager
    def of_one_more(self, owner: str) -> Iterator[None]:
        """For as long as a session is made. Refused: 429."""
        limit = self._settings.speaker_sessions
        if len(self._open_of(owner)) + self._creating[owner] >= limit:
            text = f"{limit} of your sessions have not ended, and no more may be open: end one first"
            raise Refused(429, "too_many_sessions", text)
        with _counted(self._creating, owner):
            yield

    @contextmanager
    def to_the_air(self, session: Session, *, begins: bool = False) -> Iterator[None]:
        """For as long as it goes on air. Refused 429: one speaker can't have all recognizers. Refused 503: one more
        would make all of them late; a talk that was begun goes on after its pauses, always.
        """
        limit, owner = self._settings.speaker_live_sessions, session.owner
        if len(self._on_air(besides=session, owner=owner)) >= limit:
            text = f"{limit} of your sessions are live, and no more may be at once: pause or end one first"
            raise Refused(429, "too_many_live", text)
        limit = self._settings.live_sessions
        if begins and len(self._on_air(besides=session)) >= limit:
            log.warning("session_refused", limit=limit)
            text = f"{limit} talks are live, and there is no room for another: try again when one has ended"
            raise Refused(503, "full", text)
        with _counted(self._going_on_air, (owner, session.session_id)):
            yield

    def _on_air(self, *, besides: Session, owner: str | None = None) -> set[str]:
        """Ids of all sessions that are there or on their way, but for this one. owner: only theirs."""
        there = {(one.owner, one.session_id) for one in self._view.open.values() if one.state in ON_AIR}
        return {
            session_id
            for of, session_id in there | self._going_on_air.keys()
            if session_id != besides.session_id and owner in (None, of)
        }

    def _open_of(self, owner: str) -> list[Session]:
        return [session for session in self._view.open.values() if session.owner == owner]


@contextmanager
def _counted(counter: Counter[N], name: N) -> Iterator[None]:
    """One more under this name for the length of the block."""
    counter[name] += 1
    try:
        yield
    finally:
        counter[name] -= 1
        if not counter[name]:
            del counter[name]
