"""One session as its listeners see it: tails per language, and a seat per listener. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.common.contracts import MISSING, Caption, Final, Finished, FloorMs, Partial, Session, State, Stretch
from services.common.languages import Offer
from services.common.writing import joined
from services.notifier import messages
from services.notifier.messages import Join, Message
from services.notifier.tail import AnyNotice, Cursor, Notice, Tail


@dataclass(eq=False)
class Room:
    """What is known of one session."""

    tail_limit: int
    session: Session | None = None
    tails: dict[str, Tail] = field(default_factory=dict)
    seats: dict[str, set["Seat"]] = field(default_factory=dict)
    """By language."""
    recognized: bool = True
    """Whether what is said is being recognized."""
    interim: messages.Interim | None = None
    """The latest words that may still change; older ones are of no use to anybody."""
    announced_at_ms: float = 0.0
    """When the latest state was announced, by the hub's clock, as the times below."""
    ended_at_ms: float | None = None
    moved_at_ms: dict[str, float] = field(default_factory=dict)
    """By language: when something of it was last read."""

    def tail(self, language: str) -> Tail:
        """The language's tail; made where there is none."""
        if language not in self.tails:
            self.tails[language] = Tail(self.tail_limit)
        return self.tails[language]

    @property
    def state(self) -> State:
        """What the speaker does; CREATED while the session isn't known."""
        return self.session.state if self.session is not None else State.CREATED

    def admits(self, resuming: bool, ended_since_ms: float) -> bool:
        """Whether a listener may join; one who comes back may, if the session has not ended before that time."""
        return self.ended_at_ms is None or (resuming and self.ended_at_ms >= ended_since_ms)

    @property
    def listeners(self) -> int:
        return sum(len(seats) for seats in self.seats.values())

    def hear(self, partial: Partial) -> None:
        """Keep these interim words unless a later final is known, and tell those who want them."""
        tail = self.tail(partial.language)
        if tail.known and partial.follows < tail.next_index - 1:
            return
        self.interim = messages.Interim(
            joined((word.text for word in partial.words), partial.language), partial.follows
        )
        for seats in self.seats.values():
            for seat in seats:
                if seat.partials:
                    seat.wake()

    def wake(self, language: str | None = None) -> None:
        """Have the listeners of a language (None: all) look for what is new."""
        for code, seats in self.seats.items():
            if language in (None, code):
                for seat in seats:
                    seat.wake()

    def finish_quiet(self, quiet_since_ms: float, given_up_since_ms: float, now_ms: float) -> list[tuple[str, FloorMs]]:
        """In a session that has ended: no more is expected of languages in which nothing has come since that time.

        given_up_since_ms: the same while the transcript is not complete, or the language lacks some of it. now_ms: wall
        clock. Returns the languages that were given up so, each with how much of the talk's end is known to have no
        caption: its listeners are told that this is missing.
        """
        given_up: list[tuple[str, FloorMs]] = []
        if self.ended_at_ms is None or self.session is None:
            return given_up
        spoken = self.session.source_language
        transcript = self.tail(spoken)
        for language in self.seats:
            tail = self.tail(language)
            complete = transcript.segments is not None and tail.reaches(transcript.end_ms)
            moved = max(self.ended_at_ms, *(self.moved_at_ms.get(one, 0.0) for one in (language, spoken)))
            if tail.segments is None and moved <= (quiet_since_ms if complete else given_up_since_ms):
                if not complete:
                    given_up.append((language, _mark_rest(tail, transcript.end_ms, now_ms)))
                tail.finish(tail.next_index)
                self.wake(language)
        return given_up


class Seat:
    """A listener's place in a room: what they are told next."""

    def __init__(
        self,
        room: Room,
        session: Session,
        offers: tuple[Offer, ...],
        join: Join,
        now_ms: float,
        wake: Callable[[], None],
    ) -> None:
        """session: the room's. offers: languages to choose from. wake: called when there may be something new."""
        self.room = room
        self._offers = offers
        self.session = session
        self.language = join.language
        self.audio = join.audio
        self.partials = join.partials
        self.monitor = join.monitor
        self.wake = wake
        self.taken_at_ms = now_ms
        self._tail = room.tail(join.language)
        self._cursor = (
            Cursor.join(self._tail, now_ms, join.audio, join.from_ms)
            if join.after is None
            else Cursor.resume(self._tail, join.after, join.audio)
        )
        self._joined = False
        self._state, self._recognized = session.state, room.recognized
        self._interim: messages.Interim | None = None
        self.over = False
        """Whether everything was given and nothing more will come."""

    def next(self, now_ms: float) -> Message | AnyNotice | None:
        """The next thing to send; None: nothing for now. Raises FellBehind."""
        if self.over:
            return None
        if not self._joined:
            self._joined = True
            offers, self._offers = self._offers, ()
            cursor = self._cursor
            return messages.joined(
                self.session,
                offers,
                self.language,
                cursor.next_index,
                cursor.next_speech,
                cursor.gap,
                now_ms,
                recognized=self._recognized,
            )
        if (self._state, self._recognized) != (self.room.state, self.room.recognized):
            self._state, self._recognized = self.room.state, self.room.recognized
            return messages.StateChanged(self._state, self._recognized)
        if (notice := self._cursor.take()) is not None:
            return notice
        if self.partials and self.room.interim is not self._interim:
            self._interim = self.room.interim
            if self._interim is not None:
                return self._interim
        if self._state is State.ENDED and self._tail.segments is not None:
            self.over = True
            return messages.Ended(self._tail.segments, self._tail.last_mark)
        return None

    def is_history(self, notice: AnyNotice) -> bool:
        """Whether it is a caption from before this listener came."""
        return self._cursor.is_history(notice)


def _mark_rest(tail: Tail, end_ms: FloorMs, now_ms: float) -> FloorMs:
    """Say that captions up to the end are missing. Returns how long that is; 0 where it isn't known."""
    if tail.next_index == tail.first or tail.end_ms >= end_ms:
        return 0.0
    last = tail[tail.next_index - 1].caption.record
    missing_ms = end_ms - last.end_ms
    mark = Caption(
        session_id=last.session_id,
        language=last.language,
        index=tail.next_index,
        start_ms=last.end_ms,
        end_ms=end_ms,
        text="",
        source="",
        spoken=False,
        failed=MISSING,
        missing_ms=missing_ms,
        floor_epoch_ms=last.floor_epoch_ms,
        published_at_ms=now_ms,
    )
    tail.add_caption(Notice(mark, now_ms))
    return missing_ms


def transcript_caption(final: Final, from_ms: float) -> Caption:
    """A final as a caption in the spoken language. from_ms: its place if it has no words of its own."""
    text = joined((word.text for word in final.words), final.language)
    missing = final.missing or Stretch(from_ms, from_ms)
    return Caption(
        session_id=final.session_id,
        language=final.language,
        index=final.index,
        start_ms=final.words[0].start_ms if final.words else missing.start_ms,
        end_ms=final.words[-1].end_ms if final.words else missing.end_ms,
        text=text,
        source=text,
        spoken=False,
        previous_mark=final.previous_mark or "",
        failed=MISSING if final.missing else None,
        missing_ms=missing.end_ms - missing.start_ms,
        floor_epoch_ms=final.floor_epoch_ms,
        stages=final.stages,
        published_at_ms=final.published_at_ms,
    )


def transcript_finish(tail: Tail, finished: Finished) -> None:
    """The transcript is complete."""
    tail.finish(tail.next_index, finished.previous_mark or "")
