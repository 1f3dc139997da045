"""What travels on the topics. Every struct is frozen and evolves by defaulted fields only.

Times named ``*_ms`` without ``_at`` are milliseconds of floor audio since the session began, counted in
samples. Times named ``*_at_ms`` are wall-clock milliseconds since the Unix epoch. ``floor_epoch_ms`` is
the wall-clock time at which floor audio 0 ms was, or would have been, captured: a word's capture time is
``floor_epoch_ms + word.end_ms``. It moves when the speaker pauses, so each record carries its own.
"""

import enum
from typing import Annotated, Literal

import msgspec

CONTRACT_VERSION = "1"
SAMPLE_RATE = 16_000
"""Floor audio is mono s16le at this rate, everywhere."""
LEAST_MISSING_S = 0.05
"""Less than this between two frames is silence, and no word."""


# Bounds are checked as records are read: a record beyond them is unreadable, and arithmetic stays finite.
FloorMs = Annotated[float, msgspec.Meta(ge=0, le=1e16)]
AtMs = Annotated[float, msgspec.Meta(ge=-1e16, le=1e16)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all topic values; the session decides the partition."""

    session_id: str


# --- audio -------------------------------------------------------------------------------------------


class Mark(enum.StrEnum):
    """What happened to the floor at this place of the audio, in order with the frames."""

    PAUSE = "pause"
    MUTE = "mute"
    END = "end"


class Frame(Record, frozen=True, kw_only=True):
    """A frame of floor audio, or a mark between frames. The PCM is the record's raw value, the rest its headers."""

    language: str
    """Spoken language, a code of the language table."""
    seq: int
    first_sample: int
    captured_at_ms: float
    """When the frame's last sample was captured."""
    received_at_ms: float
    """When ingest had it."""
    pcm: bytes = b""
    mark: Mark | None = None
    missing_samples: int = 0
    """Of floor audio just before this frame: it was to be heard, and never came."""

    @property
    def start_ms(self) -> float:
        return self.first_sample * 1000 / SAMPLE_RATE

    @property
    def samples(self) -> int:
        return len(self.pcm) // 2

    @property
    def end_ms(self) -> float:
        return (self.first_sample + self.samples) * 1000 / SAMPLE_RATE


# --- transcripts -------------------------------------------------------------------------------------


class Boundary(enum.StrEnum):
    """How a final ends, as far as is known when it is published."""

    NONE = "none"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    PAUSE = "pause"


SentenceMark = Literal["", ".", "?", "!"]


class Word(msgspec.Struct, frozen=True):
    """A word as recognized, with its case and the punctuation that is known.

    Each word of a session's finals ends at least a millisecond after the one before it, so its end identifies it.
    """

    text: str
    start_ms: FloorMs
    end_ms: FloorMs


MISSING = "audio missing"
"""Why a caption has no text that stands for audio which never came, or which no recognizer could take."""


SHED = "speech left out to keep up"
"""Why a caption isn't spoken that would have been heard too late."""


class Stretch(msgspec.Struct, frozen=True):
    """A piece of floor audio."""

    start_ms: FloorMs
    end_ms: FloorMs

    def __post_init__(self) -> None:
        if self.end_ms < self.start_ms:  # to a reader: unreadable
            raise ValueError("a stretch that ends before it begins")


class Final(Record, frozen=True, kw_only=True, tag="final"):
    """A run of words that never changes.

    A sentence mark belongs to what follows it, so the last word is published without one (other marks stay)
    and the next final says in ``previous_mark`` which mark it turned out to have: ``""`` none, ``None`` nothing
    was open. A final without words only settles that mark, or says what is ``missing``.
    """

    language: str
    index: Count
    """Gapless from 0 within the session."""
    words: tuple[Word, ...]
    previous_mark: SentenceMark | None = None
    ends: Boundary = Boundary.NONE
    missing: Stretch | None = None
    """Floor audio that nobody will ever know the words of. The final has none then."""
    floor_epoch_ms: AtMs = 0.0
    stages: dict[str, float] = {}
    """Milliseconds that the last word spent in each stage so far; names in ``stages.py``."""
    published_at_ms: AtMs = 0.0


class Partial(Record, frozen=True, kw_only=True, tag="partial"):
    """Words after final ``follows`` (-1: none yet) that may still change. Stale once a later final is known."""

    language: str
    follows: Annotated[int, msgspec.Meta(ge=-1, lt=2**31)]
    words: tuple[Word, ...]
    floor_epoch_ms: AtMs = 0.0


class Finished(Record, frozen=True, kw_only=True, tag="finished"):
    """The session has ended and every word of it is in the finals before this record."""

    language: str
    end_ms: FloorMs
    """Length of the floor audio."""
    previous_mark: SentenceMark | None = None


class Recognition(Record, frozen=True, kw_only=True, tag="recognition"):
    """Whether the session is being recognized from here on; until one comes, it is."""

    language: str
    works: bool
    """False: no recognizer was free for it, or the one it has fails for long. What is said now may never come."""


Transcript = Final | Partial | Finished | Recognition

# --- translations ------------------------------------------------------------------------------------


class Caption(Record, frozen=True, kw_only=True, tag="caption"):
    """A segment's text: the identity is (session, language, index), the span is floor audio."""

    language: str
    index: Count
    """Gapless from 0 within session and language."""
    start_ms: FloorMs
    end_ms: FloorMs
    text: str
    """Empty where there was nothing to say or translation failed."""
    source: str
    """The words it renders, in the spoken language."""
    spoken: bool
    """Whether a ``Speech`` of the same index follows."""
    previous_mark: SentenceMark = ""
    """Mark to append to the caption before this one: it was decided only now."""
    failed: str | None = None
    """Why there is no translation; the text is then empty, never another language's."""
    unspoken: str | None = None
    """Why no speech follows, though there is a text, a voice, and somebody who takes speech."""
    missing_ms: FloorMs = 0.0
    """Of its span, what is missing: it stands for that alone, so all of it. There is a reason in ``failed`` too."""
    floor_epoch_ms: AtMs = 0.0
    stages: dict[str, float] = {}
    published_at_ms: AtMs = 0.0


class Speech(Record, frozen=True, kw_only=True, tag="speech"):
    """A segment's clip, in S3 before this record is published."""

    language: str
    index: Count
    start_ms: FloorMs
    end_ms: FloorMs
    text: str
    key: str | None
    """Object key in the clips bucket; None where synthesis failed or was shed."""
    duration_ms: FloorMs
    """Exact, measured from the clip's samples; 0 without a clip."""
    failed: str | None = None
    floor_epoch_ms: AtMs = 0.0
    stages: dict[str, float] = {}
    published_at_ms: AtMs = 0.0


class LaneFinished(Record, frozen=True, kw_only=True, tag="finished"):
    """Every segment of this session and language has been published; ``segments`` is their count."""

    language: str
    segments: Count
    previous_mark: SentenceMark = ""


Translation = Caption | Speech | LaneFinished

# --- sessions and audience ---------------------------------------------------------------------------


class State(enum.StrEnum):
    """What the speaker is doing. CREATED: nobody has spoken yet."""

    CREATED = "created"
    LIVE = "live"
    PAUSED = "paused"
    MUTED = "muted"
    ENDED = "ended"


class Session(Record, frozen=True, kw_only=True):
    """A session's latest state; the topic is compacted, so the last record of a key is all there is to know."""

    code: str
    title: str
    owner: str
    """The speaker's subject in the identity provider. Never shown to listeners."""
    source_language: str
    target_languages: tuple[str, ...] | None = None
    """None: whatever listeners ask for and the engines have."""
    state: State = State.CREATED
    created_at_ms: AtMs = 0.0
    updated_at_ms: AtMs = 0.0
    revision: Count = 0
    """Counts the changes in the session's store. Of two states the one with more is newer, whatever clocks say."""
    speaker: str = ""
    """Which connection speaks, named ``INSTANCE/number``: when it changes, another speaker has taken over."""


class Audience(Record, frozen=True, kw_only=True):
    """How many listen to one language of a session through one notifier. Stale unless repeated: see ``audience.py``."""

    language: str
    notifier_id: str
    listeners: Count
    """All of them."""
    hearing: Count
    """Those who take speech; the rest read captions only."""
    awaited: bool = True
    """Whether somebody of those who are gone may come back: they lost the connection."""
    at_ms: AtMs


# --- records that could not be used ------------------------------------------------------------------


class DeadLetter(Record, frozen=True, kw_only=True):
    """A record that a service passed over, as it was, and why; or (``put_back``) the note that it was put back."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes | None], ...]
    by: str
    """The service, or ``dragoman``."""
    at_ms: float
    cause: str
    put_back: int | None = None
    """Offset at which it lies in its topic again; such a note has neither value nor headers of the record."""

    @property
    def place(self) -> str:
        """Where it was read, ``TOPIC/PARTITION/OFFSET``: what tells it apart, however often it is set aside."""
        return f"{self.topic}/{self.partition}/{self.offset}"
