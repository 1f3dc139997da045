"""All sessions as listeners see them: takes records in, seats listeners, forgets what is over. No I/O."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from services.common import stages
from services.common.attempts import Attempts, TooManyFailures
from services.common.clock import now_ms
from services.common.codes import folded
from services.common.contracts import (
    Caption,
    Final,
    Finished,
    LaneFinished,
    Partial,
    Recognition,
    Record,
    Session,
    Speech,
    State,
)
from services.common.languages import EngineSet, offered
from services.common.topics import Headers
from services.notifier import metrics
from services.notifier.audience import Audiences
from services.notifier.messages import Join, Refused
from services.notifier.room import Room, Seat, transcript_caption, transcript_finish
from services.notifier.tail import N, Notice, Tail

log = structlog.get_logger(__name__)

_ENDED_KEPT = 20_000
"""Ids and codes of ended sessions that are told from unknown ones."""
_LATE_RESUME_MS = 120_000
"""So long after the end a listener who lost the connection may come back for the rest; nobody else may join. So long
those who are there wait too, while the transcript is not complete, or their language lacks some of it."""
_STATE_KEPT_MS = 48 * 3_600_000
"""As long as the topic keeps a state, several times as long as a session may last: who was to end this one is gone."""


Prepare = Callable[[Speech, Callable[[], None]], None]


def _at_once(_: Speech, wake: Callable[[], None]) -> None:
    wake()


@dataclass(frozen=True)
class Limits:
    """How much is kept, and for how many."""

    tail_ms: float
    tail_segments: int
    kept_segments: int
    listeners: int
    session_listeners: int
    finish_ms: float


class Hub:
    """Rooms by session id."""

    def __init__(
        self,
        limits: Limits,
        audiences: Audiences,
        clock: Callable[[], float],
        translator: EngineSet,
        prepare: Prepare = _at_once,
    ) -> None:
        """clock: steady milliseconds. translator: whose languages are offered. prepare: told of each speech that
        listeners are to be woken for, and how to wake them once it is ready to be sent."""
        self._prepare = prepare
        self._translator: EngineSet = translator
        self._limits = limits
        self._audiences = audiences
        self._clock = clock
        self._rooms: dict[str, Room] = {}
        self._codes: dict[str, str] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._kept: deque[tuple[float, Tail, int]] = deque()
        """Every segment kept, oldest first: when its caption came, and where it is."""
        self._attempts = Attempts()
        self.listeners = 0

    @property
    def rooms(self) -> int:
        """Sessions that something is kept of."""
        return len(self._rooms)

    def take(self, record: Record, read_at_ms: float, headers: Headers = ()) -> None:
        """Take a record of sessions, transcripts or translations in and wake those whom it concerns."""
        if isinstance(record, Session):
            self._take_session(record, read_at_ms)
            return
        if record.session_id in self._ended and record.session_id not in self._rooms:
            return
        room = self._room(record.session_id)
        if isinstance(record, Partial):
            room.hear(record)
            return
        if isinstance(record, Recognition):
            room.recognized = record.works
            room.wake()
            return
        if isinstance(record, Final):
            tail = room.tail(record.language)
            before = tail[tail.next_index - 1].caption.record.end_ms if tail.next_index > tail.first else 0.0
            caption = transcript_caption(record, before)
            self._take_caption(room, _notice(caption, stages.TRANSCRIPTS_TOPIC, read_at_ms, headers))
            room.interim = None
        elif isinstance(record, Caption):
            self._take_caption(room, _notice(record, stages.TRANSLATIONS_TOPIC, read_at_ms, headers))
        elif isinstance(record, Speech):
            notice = _notice(record, stages.TRANSLATIONS_TOPIC, read_at_ms, headers)
            room.tail(record.language).add_speech(notice)
            room.moved_at_ms[record.language] = self._clock()
            if any(seat.audio for seat in room.seats.get(record.language, ())):
                self._prepare(record, lambda: room.wake(record.language))
            return
        elif isinstance(record, LaneFinished):
            room.tail(record.language).finish(record.segments, record.previous_mark)
        elif isinstance(record, Finished):
            transcript_finish(room.tail(record.language), record)
        else:
            raise TypeError(f"not a record for listeners: {type(record).__name__}")
        room.moved_at_ms[record.language] = self._clock()
        room.wake(record.language)

    def knows(self, name: str, address: str) -> bool:
        """Whether there is a session of this id or code, or was one lately. While this address is held up it is told of
        no code, so that it can't tell by the time that an answer takes.
        """
        room = self._rooms.get(name.strip())
        if room is not None and room.session is not None:
            return True
        if name.strip() in self._ended:
            return True
        code = folded(name)
        return (code in self._codes or code in self._ended) and not self._attempts.held_up(code, address, self._clock())

    def join(self, join: Join, wake: Callable[[], None], address: str) -> Seat:
        """Seat a listener. wake: called when there may be something new for them. address: theirs. Raises Refused."""
        room, session = self._find(join.session.strip(), address, resuming=join.after is not None)
        offers = offered(session.source_language, session.target_languages, self._translator)
        if join.language not in (codes := [offer.code for offer in offers]):
            raise Refused(4406, "language", f"this session has no {join.language!r}; choose one of {', '.join(codes)}")
        if self.listeners >= self._limits.listeners or room.listeners >= self._limits.session_listeners:
            raise Refused(1013, "full", "no more listeners fit in here; try again in a while")
        seat = Seat(room, session, offers, join, now_ms(), wake)
        room.seats.setdefault(join.language, set()).add(seat)
        self.listeners += 1
        if not seat.monitor:
            self._audiences.joined(seat.session.session_id, seat.language, hearing=seat.audio)
        return seat

    def leave(self, seat: Seat, *, moved: bool = False) -> None:
        """The listener has gone. moved: to another seat, by their own will."""
        seats = seat.room.seats[seat.language]
        seats.remove(seat)
        if not seats:
            del seat.room.seats[seat.language]
        self.listeners -= 1
        if not seat.monitor:
            self._audiences.left(seat.session.session_id, seat.language, hearing=seat.audio, moved=moved)

    def sweep(self) -> None:
        """Call about every second: forget what is old, finish what has ended."""
        now = self._clock()
        self._forget(now - self._limits.tail_ms)
        for session_id, room in list(self._rooms.items()):
            if room.session is not None and room.announced_at_ms < now - _STATE_KEPT_MS:
                self._end(room.session, now)
            rest_since_ms = now - max(self._limits.finish_ms, _LATE_RESUME_MS)
            for language, missing_ms in room.finish_quiet(now - self._limits.finish_ms, rest_since_ms, now_ms()):
                log.warning("end_never_came", session=session_id, language=language, missing_ms=round(missing_ms))
                metrics.NEVER_CAME.inc(missing_ms / 1000)
            unneeded = (room.ended_at_ms is not None and room.ended_at_ms < now - _LATE_RESUME_MS) or (
                room.session is None and not any(tail.next_index > tail.first for tail in room.tails.values())
            )
            if unneeded and not room.seats:
                del self._rooms[session_id]
                for tail in room.tails.values():
                    tail.forget_through(tail.next_index - 1)

    def _room(self, session_id: str) -> Room:
        if session_id not in self._rooms:
            self._rooms[session_id] = Room(self._limits.tail_segments)
        return self._rooms[session_id]

    def _take_session(self, session: Session, read_at_ms: float) -> None:
        session_id = session.session_id
        at_ms = self._clock() - max(0.0, read_at_ms - session.updated_at_ms)
        if session.state is State.ENDED or at_ms < self._clock() - _STATE_KEPT_MS:
            self._end(session, at_ms)
            return
        known = self._rooms[session_id].session if session_id in self._rooms else None
        if session_id in self._ended or (known is not None and session.revision < known.revision):
            return  # announced late by another task of ingest
        room = self._room(session_id)
        room.session, room.announced_at_ms = session, at_ms
        self._codes[folded(session.code)] = session_id
        room.wake()

    def _end(self, session: Session, at_ms: float) -> None:
        session_id, code = session.session_id, folded(session.code)
        for name in (session_id, code):
            self._ended[name] = None
        while len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)
        if self._codes.get(code) == session_id:
            del self._codes[code]
        if session_id in self._rooms or at_ms > self._clock() - _LATE_RESUME_MS:
            room = self._room(session_id)
            room.session = msgspec.structs.replace(session, state=State.ENDED)
            if room.ended_at_ms is None:
                room.ended_at_ms = at_ms
            room.wake()

    def _take_caption(self, room: Room, notice: Notice[Caption]) -> None:
        caption = notice.record
        tail = room.tail(caption.language)
        if not tail.add_caption(notice):
            return
        self._kept.append((self._clock(), tail, caption.index))
        if len(self._kept) > self._limits.kept_segments:
            _, oldest, index = self._kept.popleft()
            oldest.forget_through(index)

    def _forget(self, before_ms: float) -> None:
        while self._kept and self._kept[0][0] < before_ms:
            _, tail, index = self._kept.popleft()
            tail.forget_through(index)

    def _find(self, name: str, address: str, resuming: bool) -> tuple[Room, Session]:
        """A session that goes on, by id or code; resuming: or that has just ended. Raises Refused."""
        room = self._rooms.get(name)
        if room is None or room.session is None:
            room = self._rooms.get(self._session_of(folded(name), name, address))
        if room is None or room.session is None or not room.admits(resuming, self._clock() - _LATE_RESUME_MS):
            raise Refused(4410, "ended", "this session has ended")
        return room, room.session

    def _session_of(self, code: str, name: str, address: str) -> str:
        """The id of a code's session; of one that has ended, whatever there is. Raises Refused."""
        try:
            with self._attempts.lookup(code, address, self._clock()) as lookup:
                if code in self._codes:
                    return self._codes[code]
                if name in self._ended or code in self._ended:
                    return name
                lookup.failed()
        except TooManyFailures as fault:
            raise Refused(4429, "attempts", str(fault)) from fault
        raise Refused(4404, "unknown", "there is no such session; check the link or the code")


def _notice(record: N, topic: str, read_at_ms: float, headers: Headers) -> Notice[N]:
    """The record with the time that it spent in its topic."""
    passed = {**record.stages, topic: read_at_ms - record.published_at_ms}
    return Notice(msgspec.structs.replace(record, stages=passed), read_at_ms, headers=headers)
