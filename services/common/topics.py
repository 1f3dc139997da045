"""The topics that join the services: names, settings, how their values are read and written.

Partitions of all topics are counted alike, and a record goes where its session's id leads, so partition p of each
holds the same sessions. Nothing is auto-created: ``dragoman topics apply`` makes them as they stand here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from services.common.contracts import (
    CONTRACT_VERSION,
    Audience,
    DeadLetter,
    Frame,
    Mark,
    Record,
    Session,
    Transcript,
    Translation,
)
from services.common.frames import MAX_SAMPLE

R = TypeVar("R", bound=Record)
Headers = tuple[tuple[str, bytes | None], ...]

_HOUR_MS = 3_600_000
_MIB = 1_048_576
MAX_DEAD_BYTES = 1_200_000
"""Of a record on ``dead``: the largest that the broker takes elsewhere (1,048,588), and our headers."""
_LATEST_MS = 1e15


@dataclass(frozen=True)
class Encoded:
    """What a producer sends: the key is what compaction goes by; the session decides the partition."""

    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True)
class Topic(Generic[R]):
    """A topic is a value: its name, its settings at the broker, and its codec.

    Raises ``msgspec.DecodeError`` from ``decode`` for a value that breaks the contract.
    """

    name: str
    config: Mapping[str, str]
    encode: Callable[[R], Encoded]
    decode: Callable[[bytes, Headers], R]


_VERSION: Headers = (("v", CONTRACT_VERSION.encode()),)


def _encode_frame(frame: Frame) -> Encoded:
    headers: list[tuple[str, bytes | None]] = [
        *_VERSION,
        ("seq", b"%d" % frame.seq),
        ("first_sample", b"%d" % frame.first_sample),
        ("captured_at_ms", b"%.1f" % frame.captured_at_ms),
        ("received_at_ms", b"%.1f" % frame.received_at_ms),
        ("language", frame.language.encode()),
        ("session", frame.session_id.encode()),
    ]
    if frame.mark is not None:
        headers.append(("mark", frame.mark.value.encode()))
    if frame.missing_samples:
        headers.append(("missing_samples", b"%d" % frame.missing_samples))
    return Encoded(frame.session_id.encode(), frame.pcm, tuple(headers))


def _decode_frame(value: bytes, headers: Headers) -> Frame:
    named = {name: content for name, content in headers if content is not None}
    try:
        frame = Frame(
            session_id=named["session"].decode(),
            language=named["language"].decode(),
            seq=int(named["seq"]),
            first_sample=int(named["first_sample"]),
            captured_at_ms=float(named["captured_at_ms"]),
            received_at_ms=float(named["received_at_ms"]),
            pcm=value,
            mark=Mark(named["mark"].decode()) if "mark" in named else None,
            missing_samples=int(named.get("missing_samples", b"0")),
        )
    except (KeyError, ValueError) as fault:
        raise msgspec.DecodeError(f"audio record with a wrong header: {fault}") from fault
    if not 0 <= frame.missing_samples <= frame.first_sample <= 2 * MAX_SAMPLE:
        raise msgspec.DecodeError("audio record of a time that there is not")
    if not all(0 <= at <= _LATEST_MS for at in (frame.captured_at_ms, frame.received_at_ms)):
        raise msgspec.DecodeError("audio record with a clock that tells no time")
    if len(value) % 2:
        raise msgspec.DecodeError("audio record with half a sample")
    return frame


def _json_topic(
    name: str, record: object, config: Mapping[str, str], key: Callable[[R], str] | None = None
) -> Topic[R]:
    encoder = msgspec.json.Encoder()
    decoder: msgspec.json.Decoder[R] = msgspec.json.Decoder(record)

    def encode(value: R) -> Encoded:
        identity = key(value) if key else value.session_id
        return Encoded(identity.encode(), encoder.encode(value), _VERSION)

    def decode(value: bytes, _: Headers) -> R:
        try:
            return decoder.decode(value)
        except (RecursionError, UnicodeError) as fault:
            raise msgspec.DecodeError(str(fault)) from fault

    return Topic(name, config, encode, decode)


_DEAD_HEADERS = (
    "dead_topic",
    "dead_partition",
    "dead_offset",
    "dead_key",
    "dead_by",
    "dead_at_ms",
    "dead_cause",
    "dead_put_back",
)
"""Always all of them, after the record's own: so those are the ones before, whatever their names."""


def _encode_dead(letter: DeadLetter) -> Encoded:
    contents = (
        letter.topic.encode(),
        b"%d" % letter.partition,
        b"%d" % letter.offset,
        letter.key,
        letter.by.encode(),
        b"%.1f" % letter.at_ms,
        letter.cause.encode(),
        None if letter.put_back is None else b"%d" % letter.put_back,
    )
    ours = zip(_DEAD_HEADERS, contents, strict=True)
    return Encoded(letter.place.encode(), letter.value, (*letter.headers, *ours))


def _decode_dead(value: bytes, headers: Headers) -> DeadLetter:
    original, ours = headers[: -len(_DEAD_HEADERS)], headers[-len(_DEAD_HEADERS) :]
    if tuple(name for name, _ in ours) != _DEAD_HEADERS:
        raise msgspec.DecodeError("no dead letter")
    topic, partition, offset, key, by, at_ms, cause, put_back = (content for _, content in ours)
    try:
        return DeadLetter(
            session_id=session_of(key),
            topic=(topic or b"").decode(),
            partition=int(partition or b""),
            offset=int(offset or b""),
            key=key,
            value=value,
            headers=tuple(original),
            by=(by or b"").decode(),
            at_ms=float(at_ms or b""),
            cause=(cause or b"").decode(),
            put_back=None if put_back is None else int(put_back),
        )
    except ValueError as fault:
        raise msgspec.DecodeError(f"dead letter with a wrong header: {fault}") from fault


def session_of(key: bytes | None) -> str:
    """The session that a record's key names, as far as it does."""
    return (key or b"").decode(errors="replace").split("|")[0]


AUDIO_KEPT_MS = 2 * _HOUR_MS
AUDIO: Topic[Frame] = Topic(
    "audio",
    {"retention.ms": str(AUDIO_KEPT_MS), "segment.ms": str(_HOUR_MS // 2)},
    _encode_frame,
    _decode_frame,
)
_KEPT_A_DAY = {"retention.ms": str(24 * _HOUR_MS), "segment.ms": str(_HOUR_MS)}
"""A log is cut by whole segments: without small ones a day would be a week, and a takeover reads all of it."""

TRANSCRIPTS: Topic[Transcript] = _json_topic("transcripts", Transcript, _KEPT_A_DAY)
TRANSLATIONS: Topic[Translation] = _json_topic("translations", Translation, _KEPT_A_DAY)
SESSIONS: Topic[Session] = _json_topic(
    "sessions", Session, {"cleanup.policy": "compact,delete", "retention.ms": str(48 * _HOUR_MS)}
)
AUDIENCE: Topic[Audience] = _json_topic(
    "audience",
    Audience,
    {"cleanup.policy": "compact,delete", "retention.ms": str(24 * _HOUR_MS)},
    key=lambda record: f"{record.session_id}|{record.language}|{record.notifier_id}",
)
DEAD: Topic[DeadLetter] = Topic(
    "dead",
    {
        "retention.ms": str(72 * _HOUR_MS),  # over a weekend
        "retention.bytes": str(64 * _MIB),  # of a partition: whoever floods it pushes out what is older
        "segment.ms": str(6 * _HOUR_MS),
        "segment.bytes": str(16 * _MIB),
        "max.message.bytes": str(MAX_DEAD_BYTES),
    },
    _encode_dead,
    _decode_dead,
)

AnyTopic = Topic[Frame] | Topic[Transcript] | Topic[Translation] | Topic[Session] | Topic[Audience] | Topic[DeadLetter]

ALL: tuple[AnyTopic, ...] = (
    AUDIO,
    TRANSCRIPTS,
    TRANSLATIONS,
    SESSIONS,
    AUDIENCE,
    DEAD,
)
