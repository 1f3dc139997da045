"""What was seen, by whom: the lines of the record. Times ``*_ms`` are floor audio, ``at_ms`` is the wall clock.

The same words as on the topics (``docs/protocol.md``), written down once more on purpose: whoever audits the services
must not read with their eyes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

SAMPLES_PER_MS = 16


def digest(content: bytes) -> str:
    """A name for these bytes."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="what"):
    """Base of all lines."""

    session: str


# --- the speaker's record -----------------------------------------------------------------------------


class SpokenWord(Line, frozen=True, kw_only=True, tag="spoken"):
    """A word of the talk that is given, from its reference transcript."""

    text: str
    start_ms: float
    end_ms: float


class Captured(Line, frozen=True, kw_only=True, tag="captured"):
    """A frame as it left the microphone; ``at_ms`` when its last sample did, by a clock that is right."""

    seq: int
    first_sample: int
    samples: int
    digest: str
    at_ms: float


class Dropped(Line, frozen=True, kw_only=True, tag="dropped"):
    """A frame for which the client had no room: it can't arrive, and the speaker was told."""

    first_sample: int
    samples: int
    at_ms: float


class Perished(Line, frozen=True, kw_only=True, tag="perished"):
    """A frame that died with the speaker's machine: it can't arrive."""

    first_sample: int
    samples: int
    at_ms: float


class Reported(Line, frozen=True, kw_only=True, tag="reported"):
    """What a client of the talk said to its user, the speaker's above all."""

    text: str


class Acknowledged(Line, frozen=True, kw_only=True, tag="acknowledged"):
    """The service says that it has all frames up to this one."""

    seq: int
    at_ms: float


# --- the topics ---------------------------------------------------------------------------------------


class Record(Line, frozen=True, kw_only=True):
    """Something on a topic."""

    partition: int
    offset: int


class Frame(Record, frozen=True, kw_only=True, tag="frame"):
    """``audio``; ``mark``: pause, mute, end, and then no samples."""

    seq: int
    first_sample: int
    samples: int
    digest: str
    mark: str | None = None


class Word(msgspec.Struct, frozen=True):
    """A word of a final."""

    text: str
    start_ms: float
    end_ms: float


class Final(Record, frozen=True, kw_only=True, tag="final"):
    """``transcripts``."""

    index: int
    words: tuple[Word, ...]
    missing: tuple[float, float] | None = None
    """From where to where it says that the floor's audio is missing."""


class Finished(Record, frozen=True, kw_only=True, tag="finished"):
    """``transcripts``: all has been said."""

    end_ms: float


class Caption(Record, frozen=True, kw_only=True, tag="caption"):
    """``translations``."""

    language: str
    index: int
    start_ms: float
    end_ms: float
    text: str
    source: str
    spoken: bool
    failed: str | None = None
    unspoken: str | None = None
    missing_ms: float = 0.0


class Speech(Record, frozen=True, kw_only=True, tag="speech"):
    """``translations``."""

    language: str
    index: int
    start_ms: float
    end_ms: float
    text: str
    key: str | None
    duration_ms: float
    failed: str | None = None


class LaneFinished(Record, frozen=True, kw_only=True, tag="lane_finished"):
    """``translations``: all of a language has been said."""

    language: str
    segments: int


class State(Record, frozen=True, kw_only=True, tag="state"):
    """``sessions``."""

    state: str


class Audience(Record, frozen=True, kw_only=True, tag="audience"):
    """``audience``."""

    language: str
    listeners: int
    hearing: int


# --- the clips ----------------------------------------------------------------------------------------


class Clip(Line, frozen=True, kw_only=True, tag="clip"):
    """An object; ``digest`` of its samples, ``duration_ms`` counted in them; none where it isn't sound.

    ``sounding_ms``: so much of it is louder than the noise of a quiet room; None: nobody listened.
    """

    key: str
    digest: str
    duration_ms: float
    sounding_ms: float | None = None


# --- each listener's record ---------------------------------------------------------------------------


class Listened(Line, frozen=True, kw_only=True):
    """Something that a listener saw, in the order in which it did."""

    listener: str
    language: str
    at_ms: float


class Joined(Listened, frozen=True, kw_only=True, tag="joined"):
    """Let in; again after a lost connection."""

    hear: bool


class ToldCaption(Listened, frozen=True, kw_only=True, tag="told_caption"):
    """A caption was announced."""

    index: int
    start_ms: float
    end_ms: float
    text: str
    source: str
    spoken: bool
    failed: str | None = None
    unspoken: str | None = None
    missing_ms: float = 0.0


class ToldSpeech(Listened, frozen=True, kw_only=True, tag="told_speech"):
    """Speech was announced; ``clip``: whether there is any."""

    index: int
    start_ms: float
    end_ms: float
    text: str
    clip: bool
    duration_ms: float
    failed: str | None = None


class Fetched(Listened, frozen=True, kw_only=True, tag="fetched"):
    """A clip was had; None: it was given up."""

    index: int
    digest: str | None


class Played(Listened, frozen=True, kw_only=True, tag="played"):
    """A clip was heard, from ``at_ms`` to ``until_ms``, at a pace."""

    index: int
    until_ms: float
    rate: float


class ToldEnd(Listened, frozen=True, kw_only=True, tag="told_end"):
    """That was all."""

    segments: int


AnyLine = (
    SpokenWord
    | Captured
    | Dropped
    | Perished
    | Reported
    | Acknowledged
    | Frame
    | Final
    | Finished
    | Caption
    | Speech
    | LaneFinished
    | State
    | Audience
    | Clip
    | Joined
    | ToldCaption
    | ToldSpeech
    | Fetched
    | Played
    | ToldEnd
)

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)


def write(path: Path, lines: Iterable[AnyLine]) -> None:
    """Add lines to a file of the record."""
    with path.open("ab") as file:
        file.writelines(_ENCODER.encode(line) + b"\n" for line in lines)


def read(folder: Path) -> Sequence[AnyLine]:
    """All lines of all files of a record. Raises msgspec.DecodeError, FileNotFoundError."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise FileNotFoundError(f"{folder} holds no record: no file *.jsonl")
    return [_DECODER.decode(line) for file in files for line in file.read_bytes().splitlines()]
