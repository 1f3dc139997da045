"""The listener's socket as structs: see ``docs/protocol.md``."""

from typing import Annotated

import msgspec

from services.common.contracts import Caption, FloorMs, SentenceMark, Session, Speech, State
from services.common.languages import Offer
from services.notifier.tail import Gap


class Refused(Exception):
    """The socket is closed with ``close``, after an error that says what to do."""

    def __init__(self, close: int, code: str, message: str) -> None:
        super().__init__(message)
        self.close = close
        self.code = code
        self.message = message


class Join(msgspec.Struct, frozen=True, tag="join"):
    """Which session and language a listener wants from now on."""

    session: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Id or code."""
    language: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    after: Annotated[int, msgspec.Meta(ge=-1, lt=2**31)] | None = None
    """The last index that was heard, -1 before the first; None for a new listener."""
    audio: bool = True
    partials: bool = False
    monitor: bool = False
    """Follows without being counted: nothing is translated or synthesized on its account."""
    from_ms: FloorMs | None = None
    """Of a listener who comes from another language: floor audio up to here was heard, or read, in that one."""


class _Kind(msgspec.Struct):
    type: str


_kind = msgspec.json.Decoder(_Kind)
_join = msgspec.json.Decoder(Join)


def read_join(text: str) -> Join | None:
    """What a listener sent; None for a type that we don't know. Raises Refused for anything that can't be read."""
    try:
        if _kind.decode(text).type != "join":
            return None
        return _join.decode(text)
    except (msgspec.DecodeError, UnicodeError) as fault:
        raise Refused(4400, "malformed", f"can't read this message: {fault}") from fault
    except RecursionError:
        raise Refused(4400, "malformed", "can't read this message: nested too deep") from None


class Span(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """Indexes that a resuming listener lacks, both included."""

    first: int
    last: int


class Joined(msgspec.Struct, frozen=True, kw_only=True, tag="joined", omit_defaults=True):
    """The answer to a join."""

    session_id: str
    title: str
    state: State
    language: str
    source_language: str
    languages: tuple[Offer, ...]
    next_index: int
    server_time_ms: float
    next_speech: int | None = None
    gap: Span | None = None
    recognized: bool = True


class StateChanged(msgspec.Struct, frozen=True, tag="state", omit_defaults=True):
    """What the speaker does now, and whether it is recognized."""

    state: State
    recognized: bool = True


class Interim(msgspec.Struct, frozen=True, tag="partial"):
    """The spoken language's words after final ``follows``; they may still change."""

    text: str
    follows: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Everything was sent. ``previous_mark`` belongs to the last caption."""

    segments: int
    previous_mark: SentenceMark = ""


class Fault(msgspec.Struct, frozen=True, tag="error"):
    """Why the socket will be closed, and what to do."""

    code: str
    message: str


Message = Joined | StateChanged | Interim | Ended | Fault


class CaptionNotice(msgspec.Struct, frozen=True, kw_only=True, tag="caption"):
    """A segment's text."""

    language: str
    index: int
    start_ms: float
    end_ms: float
    text: str
    previous_mark: SentenceMark
    spoken: bool
    source: str
    floor_epoch_ms: float
    stages: dict[str, float]
    sent_at_ms: float
    failed: str | msgspec.UnsetType = msgspec.UNSET
    unspoken: str | msgspec.UnsetType = msgspec.UNSET
    missing_ms: float | msgspec.UnsetType = msgspec.UNSET
    history: bool | msgspec.UnsetType = msgspec.UNSET


class SpeechNotice(msgspec.Struct, frozen=True, kw_only=True, tag="speech"):
    """Where a segment's clip is; no URL, no clip."""

    language: str
    index: int
    start_ms: float
    end_ms: float
    text: str
    url: str | None
    duration_ms: float
    floor_epoch_ms: float
    stages: dict[str, float]
    sent_at_ms: float
    failed: str | msgspec.UnsetType = msgspec.UNSET


_encoder = msgspec.json.Encoder()


def encode(message: Message | CaptionNotice | SpeechNotice) -> bytes:
    """As it goes over the wire."""
    return _encoder.encode(message)


def joined(
    session: Session,
    offers: tuple[Offer, ...],
    language: str,
    next_index: int,
    next_speech: int | None,
    gap: Gap | None,
    now_ms: float,
    *,
    recognized: bool,
) -> Joined:
    """The answer for this session and language."""
    return Joined(
        session_id=session.session_id,
        title=session.title,
        state=session.state,
        language=language,
        source_language=session.source_language,
        languages=offers,
        next_index=next_index,
        next_speech=next_speech,
        server_time_ms=now_ms,
        gap=Span(gap.first, gap.last) if gap else None,
        recognized=recognized,
    )


def caption_notice(record: Caption, stages: dict[str, float], now_ms: float, *, history: bool) -> CaptionNotice:
    """A caption as listeners see it."""
    return CaptionNotice(
        language=record.language,
        index=record.index,
        start_ms=record.start_ms,
        end_ms=record.end_ms,
        text=record.text,
        previous_mark=record.previous_mark,
        spoken=record.spoken,
        source=record.source,
        floor_epoch_ms=record.floor_epoch_ms,
        stages=stages,
        sent_at_ms=now_ms,
        failed=record.failed or msgspec.UNSET,
        unspoken=record.unspoken or msgspec.UNSET,
        missing_ms=record.missing_ms or msgspec.UNSET,
        history=history or msgspec.UNSET,
    )


def speech_notice(record: Speech, url: str | None, stages: dict[str, float], now_ms: float) -> SpeechNotice:
    """A speech as listeners see it."""
    return SpeechNotice(
        language=record.language,
        index=record.index,
        start_ms=record.start_ms,
        end_ms=record.end_ms,
        text=record.text,
        url=url,
        duration_ms=record.duration_ms,
        floor_epoch_ms=record.floor_epoch_ms,
        stages=stages,
        sent_at_ms=now_ms,
        failed=record.failed or msgspec.UNSET,
    )
