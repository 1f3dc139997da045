"""The rules of sessions: who may do what to them, and who hears of it."""

import secrets
import unicodedata
from contextlib import nullcontext
from typing import Annotated, Literal, TypeVar

import msgspec
import structlog

from services.common.attempts import Attempts, TooManyFailures
from services.common.clock import now_ms, steady_ms
from services.common.codes import folded
from services.common.contracts import Frame, Mark, Session, State
from services.common.languages import Offer, offered, spoken, targets
from services.common.topics import AUDIO, SESSIONS
from services.ingest.admission import ON_AIR, Admission
from services.ingest.floors import Floors
from services.ingest.ports import CodeTaken, RecordPublisher, SessionStore, StoreUnavailable
from services.ingest.refused import Refused
from services.ingest.settings import IngestSettings
from services.ingest.view import SessionView

CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for one another: i l o 0 1."""
CODE_LENGTH = 7
_ID_BYTES = 12
"""In hexadecimal digits: an id that began with a dash would pass for an option on the command line."""
_LONGEST_NAME = 64
"""No id and no code is longer, however it is written; the store fails on much longer ones."""
_CODE_TRIES = 5
_TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Directions that characters give to those that follow: with them a title shows what is not written."""
_BEGUN = (State.LIVE, State.PAUSED, State.MUTED)

log = structlog.get_logger(__name__)
T = TypeVar("T", Session, Session | None)


Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewSession(msgspec.Struct, frozen=True):
    """What a speaker gives to create one."""

    title: Title
    source_language: str
    target_languages: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=50)] | None = None


class Change(msgspec.Struct, frozen=True):
    """What an owner may change."""

    title: Title | None = None
    state: Literal["paused", "muted", "live"] | None = None


class Sessions:
    """Every change goes to the store, then to the ``sessions`` topic, then to this task's own view; but for the end,
    which is Kafka's first.

    Methods raise Refused, StoreUnavailable, KafkaUnavailable. After the latter two a repeated call completes the work;
    an end that was begun is completed without one, see ``complete_ends``.
    """

    def __init__(
        self,
        store: SessionStore,
        publisher: RecordPublisher,
        view: SessionView,
        floors: Floors,
        settings: IngestSettings,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._view = view
        self._floors = floors
        self._settings = settings
        self._attempts = Attempts()
        self._admission = Admission(view, settings)
        self._ending: dict[str, Session] = {}
        """Ends that are not complete, by id; the session is ENDED once the audio has its mark."""

    async def create(self, owner: str, new: NewSession) -> Session:
        """A session that nobody has spoken in yet, with a fresh secret id and a free code. Refused: 422, 429, 503."""
        check_title(new.title)
        self._check_languages(new)
        with self._admission.of_one_more(owner):
            return await self._create(owner, new)

    async def _create(self, owner: str, new: NewSession) -> Session:
        for _ in range(_CODE_TRIES):
            at = now_ms()
            session = Session(
                session_id=secrets.token_hex(_ID_BYTES),
                code="".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)),
                title=new.title,
                owner=owner,
                source_language=new.source_language,
                target_languages=tuple(dict.fromkeys(new.target_languages)) if new.target_languages else None,
                created_at_ms=at,
                updated_at_ms=at,
            )
            try:
                await self._store.create(session, self._settings.max_session_s)
            except CodeTaken:
                continue
            await self.announce(session)
            log.info("session_created", session=session.session_id)
            return session
        raise Refused(503, "no_code", "no free code was found; try again")

    def spoken(self) -> dict[str, tuple[str, ...]]:
        """The languages that a talk may be given in, each with those that it can be translated into."""
        return {code: targets(code, self._settings.translator_engines) for code in spoken(self._settings.recognizer)}

    def offered(self, session: Session) -> tuple[Offer, ...]:
        """What its listeners may choose, the spoken language first."""
        return offered(session.source_language, session.target_languages, self._settings.translator_engines)

    async def find(self, name: str, address: str) -> Session:
        """By id, or by code as people write it. address: who asks. Refused: 404, 410, 429."""
        session = await self._named(name) or await self._coded(folded(name), address)
        if session.state is State.ENDED:
            raise _ended()
        return session

    async def _coded(self, code: str, address: str) -> Session:
        try:
            with self._attempts.lookup(code, address, steady_ms()) as lookup:
                session = self._as_announced(await self._store.find_code(code))
                if session is not None:
                    return session
                if self._view.has_ended(code):
                    raise _ended()
                lookup.failed()
        except TooManyFailures as fault:
            raise Refused(429, "too_many_failures", str(fault)) from fault
        raise Refused(404, "unknown_session", "there is no such session; check the link or the code")

    async def owned(self, session_id: str, owner: str) -> Session:
        """The owner's own session, ended ones too. Refused: 404, 403."""
        session = await self._named(session_id)
        if session is None:
            raise Refused(404, "unknown_session", "there is no such session; check its id")
        if session.owner != owner:
            raise Refused(403, "not_owner", "this session belongs to another speaker")
        return session

    async def _named(self, session_id: str) -> Session | None:
        if len(session_id) > _LONGEST_NAME:
            raise Refused(404, "unknown_session", "there is no such session; that is too long for a link or a code")
        return self._as_announced(await self._store.get(session_id))

    def _as_announced(self, session: T) -> T:
        """The stored session, but ENDED if its end was announced and the store has yet to learn it."""
        if session is None or session.state is State.ENDED or not self._view.has_ended(session.session_id):
            return session
        ended = self._ending[session.session_id] = msgspec.structs.replace(session, state=State.ENDED)
        return ended

    async def of_owner(self, owner: str) -> list[Session]:
        """Newest first."""
        return [self._as_announced(session) for session in await self._store.of_owner(owner)]

    async def change(self, session: Session, change: Change) -> Session:
        """Refused: 410; 409 for a state that can't follow; 422 for a title that is none; 429."""
        if session.state is State.ENDED:
            raise _ended()
        if change.title is None and change.state is None:
            return session
        if change.title is not None:
            check_title(change.title)
        goes_on_air = change.state in ON_AIR and session.state not in ON_AIR
        with self._admission.to_the_air(session) if goes_on_air else nullcontext():
            changed = await self._store.update(
                session.session_id,
                title=change.title,
                state=State(change.state) if change.state else None,
                only_from=_BEGUN if change.state else None,
            )
            if changed is None:
                raise await self._why_not(session)
            await self.announce(changed)
        return changed

    async def take_floor(self, session: Session, connection: str) -> Session:
        """This connection speaks from now on; a new session becomes live. Refused: 410, 429, 503."""
        state = State.LIVE if session.state is State.CREATED else None
        with self._admission.to_the_air(session, begins=True) if state is State.LIVE else nullcontext():
            changed = await self._store.update(session.session_id, state=state, speaker=connection)
            if changed is None:
                raise await self._why_not(session)
            await self.announce(changed)
        return changed

    async def pause_abandoned(self, session: Session) -> None:
        """Pause a session on air whose speaker did not come back; nothing if somebody speaks, here or elsewhere."""
        changed = await self._store.update(
            session.session_id, state=State.PAUSED, only_from=ON_AIR, only_speaker=session.speaker
        )
        if changed is not None:
            await self._mark(changed, Mark.PAUSE)
            await self.announce(changed)
            log.info("session_abandoned", session=session.session_id)
        elif (stored := await self._store.get(session.session_id)) is not None:
            await self.announce(stored)  # changed by a call that failed before it did that

    async def end(self, session: Session) -> Session:
        """The end, at once and everywhere; again for an ended one, in case not everybody heard of it.

        The mark goes first: if this process dies in between, the session is not ended yet and may be ended again.
        So the audio of a session that has ended has its mark. Then it is announced, and with that it has ended: the
        transcriber takes no more of it, so no store that is away may keep it open.
        """
        session_id = session.session_id
        self._ending[session_id] = session
        if session.state is not State.ENDED:
            await self._mark(session, Mark.END)
        ended = self._ending[session_id] = msgspec.structs.replace(
            session, state=State.ENDED, updated_at_ms=now_ms(), revision=session.revision + 1
        )
        await self.announce(ended)
        self._floors.forget(session_id)
        log.info("session_ended", session=session_id)
        try:
            await self._store_end(ended)
        except StoreUnavailable as fault:
            log.warning("end_not_stored_yet", session=session_id, reason=str(fault))
        return ended

    async def complete_ends(self) -> None:
        """Go on with ends that Kafka or the store did not take."""
        for session in list(self._ending.values()):
            if session.state is State.ENDED and self._view.has_ended(session.session_id):
                await self._store_end(session)
                log.info("end_stored_late", session=session.session_id)
            else:
                await self.end(session)

    async def _store_end(self, session: Session) -> None:
        await self._store.update(session.session_id, state=State.ENDED)
        await self._store.forget_code(session.code)
        self._ending.pop(session.session_id, None)

    def _check_languages(self, new: NewSession) -> None:
        """Refused 422 unless somebody recognizes the source and every target can be had from it."""
        known = self.spoken()
        if new.source_language not in known:
            raise Refused(422, "language", f"source_language {new.source_language!r} is not one of {', '.join(known)}")
        choices = known[new.source_language]
        if wrong := [code for code in new.target_languages or () if code not in choices]:
            said = ", ".join(map(repr, wrong))
            raise Refused(422, "language", f"target_languages {said}: choose among {', '.join(choices)}")

    async def _mark(self, session: Session, mark: Mark) -> None:
        """Write a mark where the session's audio goes on, which will not follow what came before."""
        position, at = self._floors.position(session), now_ms()
        position.flows = False  # of the floor itself, if it is held here
        await self._publisher.send(
            AUDIO,
            Frame(
                session_id=session.session_id,
                language=session.source_language,
                seq=position.next_seq,
                first_sample=position.next_sample,
                captured_at_ms=at,
                received_at_ms=at,
                mark=mark,
            ),
        )

    async def announce(self, session: Session) -> None:
        """Say on the topic how the session is."""
        await self._publisher.send(SESSIONS, session)
        self._view.apply(session)

    async def _why_not(self, session: Session) -> Refused:
        known = await self._store.get(session.session_id)
        if known is None or known.state is State.ENDED:
            return _ended()
        return Refused(409, "wrong_state", f"a session that is {known.state} can't be that; connect a speaker first")


def _ended() -> Refused:
    return Refused(410, "session_ended", "this session has ended")


def check_title(title: str) -> None:
    """Refused 422 unless it can be read, and shown on one line, a terminal's included."""
    kinds = [unicodedata.category(letter) for letter in title]
    unseen = all(kind[0] in "CZ" for kind in kinds)
    turns = any(unicodedata.bidirectional(letter) in _TURNS for letter in title)
    if unseen or turns or any(kind in ("Cc", "Zl", "Zp") for kind in kinds):
        raise Refused(422, "title", "a title is one line of text that can be seen, without control characters")
