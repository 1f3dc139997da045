"""What a listener's socket carries, as this client reads it (``docs/protocol.md``)."""

import msgspec

from services.common.contracts import SentenceMark, State


class Gap(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """Indexes, both included, that a listener who comes back lacks, since they are no longer kept."""

    first: int
    last: int


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """The listener is in; ``language`` is what comes from here on."""

    session_id: str
    title: str
    state: State
    language: str
    source_language: str
    next_index: int
    server_time_ms: float
    next_speech: int = 0
    """The first index whose speech comes."""
    gap: Gap | None = None
    recognized: bool = True


class CaptionNotice(msgspec.Struct, frozen=True, kw_only=True, tag="caption"):
    """A segment's text. Times are floor audio; see ``contracts.Caption``."""

    language: str
    index: int
    start_ms: float
    end_ms: float
    text: str
    source: str
    spoken: bool
    previous_mark: SentenceMark | None = ""
    failed: str | None = None
    unspoken: str | None = None
    missing_ms: float = 0.0
    floor_epoch_ms: float
    stages: dict[str, float] = {}
    sent_at_ms: float

    @property
    def shown(self) -> str:
        """The text, or in brackets why there is none; empty where nothing was to be said."""
        if self.missing_ms:
            return f"[{self.missing_ms / 1000:.1f} s of the talk are missing]"
        return self.text or (f"[no translation: {self.failed}]" if self.failed else "")


class SpeechNotice(msgspec.Struct, frozen=True, kw_only=True, tag="speech"):
    """Where a segment's clip is; ``url`` None: there is none."""

    language: str
    index: int
    start_ms: float
    end_ms: float
    text: str
    url: str | None
    duration_ms: float
    failed: str | None = None
    floor_epoch_ms: float
    stages: dict[str, float] = {}
    sent_at_ms: float


class PartialNotice(msgspec.Struct, frozen=True, tag="partial"):
    """The spoken language's interim words."""

    text: str


class StateNotice(msgspec.Struct, frozen=True, tag="state"):
    """What the speaker does now, and whether it is recognized."""

    state: State
    recognized: bool = True


class EndedNotice(msgspec.Struct, frozen=True, tag="ended"):
    """Everything was sent. ``previous_mark`` belongs to the last caption."""

    segments: int
    previous_mark: SentenceMark = ""


class ErrorNotice(msgspec.Struct, frozen=True, tag="error"):
    """What went wrong and what to do; the socket closes after it."""

    code: str
    message: str


Notice = Joined | CaptionNotice | SpeechNotice | PartialNotice | StateNotice | EndedNotice | ErrorNotice


class _Kind(msgspec.Struct):
    type: str


_KIND = msgspec.json.Decoder(_Kind)
_DECODER: msgspec.json.Decoder[Notice] = msgspec.json.Decoder(Notice)


def read_notice(message: str | bytes) -> Notice | None:
    """Decode a message; None for a type that this client doesn't know. Raises msgspec.DecodeError."""
    try:
        return _DECODER.decode(message)
    except msgspec.ValidationError as fault:
        _require_unknown(message, fault)
        return None
    except (UnicodeError, RecursionError) as fault:
        raise msgspec.DecodeError(str(fault)) from fault


def _require_unknown(message: str | bytes, fault: msgspec.ValidationError) -> None:
    """Raises the fault of a type that this client knows, and DecodeError where it has none."""
    try:
        kind = _KIND.decode(message)
    except (UnicodeError, RecursionError) as deeper:
        raise msgspec.DecodeError(str(deeper)) from deeper
    if kind.type in _KNOWN:
        raise fault


_KNOWN = frozenset(kind.__struct_config__.tag for kind in Notice.__args__)
