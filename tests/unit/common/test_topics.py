"""Values that break the contract, whoever wrote them: unreadable, and never anything worse."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.contracts import (
    Audience,
    Caption,
    DeadLetter,
    Final,
    Frame,
    LaneFinished,
    Partial,
    Record,
    Session,
    Stretch,
    Word,
)
from services.common.topics import (
    ALL,
    AUDIENCE,
    AUDIO,
    DEAD,
    SESSIONS,
    TRANSCRIPTS,
    TRANSLATIONS,
    Headers,
    Topic,
    session_of,
)

FRAME = Frame(
    session_id="s", language="en", seq=1, first_sample=16, captured_at_ms=2.0, received_at_ms=3.0, pcm=b"\0\1"
)
CAPTION = Caption(session_id="s", language="pt", index=0, start_ms=0, end_ms=1, text="a", source="b", spoken=True)
SESSION = Session(session_id="s", code="c", title="t", owner="o", source_language="en")
AUDIENCE_OF_ONE = Audience(session_id="s", language="pt", notifier_id="n", listeners=1, hearing=1, at_ms=0)


LETTER = DeadLetter(
    session_id="s",
    topic="audience",
    partition=3,
    offset=7,
    key=b"s|pt|n",
    value=b"\xff",
    headers=(("dead_topic", b"its own"), ("v", None)),
    by="ingest",
    at_ms=1.5,
    cause="Input is no JSON",
)


def final(*words: Word, index: int = 0, published_at_ms: float = 0.0) -> Final:
    return Final(session_id="s", language="en", index=index, words=words, published_at_ms=published_at_ms)


RECORDS = (FRAME, final(), CAPTION, SESSION, AUDIENCE_OF_ONE, LETTER)
DEEP = b"[" * 60_000


@pytest.mark.parametrize(("topic", "record"), list(zip(ALL, RECORDS, strict=True)))
def test_a_record_is_read_as_it_was_written(topic: Topic[object], record: object) -> None:  # type: ignore[type-var]
    encoded = topic.encode(record)
    assert topic.decode(encoded.value, encoded.headers) == record


@pytest.mark.parametrize(
    "value", [b"", b"{", b"\xff", b"[]", DEEP, b'{"type":"final","unknown":' + DEEP, b'{"session_id":"\xff"']
)
@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_a_value_that_is_no_record_is_unreadable(topic: Topic[object], value: bytes) -> None:  # type: ignore[type-var]
    with pytest.raises(msgspec.DecodeError):
        topic.decode(value, ())


@pytest.mark.parametrize(
    ("topic", "record"),
    [
        *((TRANSCRIPTS, final(Word("a", 0.0, end_ms))) for end_ms in (-1.0, 1e300)),
        *((TRANSCRIPTS, final(index=index)) for index in (-1, 10**30)),
        (TRANSCRIPTS, final(published_at_ms=-1e300)),
        (TRANSCRIPTS, Partial(session_id="s", language="en", follows=-2, words=())),
        (TRANSLATIONS, msgspec.structs.replace(CAPTION, start_ms=1e300)),
        (TRANSLATIONS, LaneFinished(session_id="s", language="pt", segments=-1)),
        (SESSIONS, msgspec.structs.replace(SESSION, created_at_ms=-1e300)),
        (AUDIENCE, msgspec.structs.replace(AUDIENCE_OF_ONE, hearing=-1)),
        (AUDIENCE, msgspec.structs.replace(AUDIENCE_OF_ONE, at_ms=1e300)),
    ],
)
def test_a_time_or_count_that_there_is_not_is_unreadable(topic: Topic[Record], record: Record) -> None:
    with pytest.raises(msgspec.DecodeError):
        topic.decode(topic.encode(record).value, ())


def test_a_stretch_that_ends_before_it_begins_is_unreadable() -> None:
    written = TRANSCRIPTS.encode(msgspec.structs.replace(final(), missing=Stretch(500.0, 900.0))).value
    with pytest.raises(msgspec.DecodeError, match="before it begins"):
        TRANSCRIPTS.decode(written.replace(b"900", b"400"), ())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("seq", wrong) for wrong in (None, b"", b"\xff", b"none")),
        *(("first_sample", wrong) for wrong in (b"-1", b"9" * 30, b"1e3")),
        *(("captured_at_ms", wrong) for wrong in (b"nan", b"inf", b"-inf", b"-1", b"1e300")),
        ("received_at_ms", b"nan"),
        ("mark", b"begin"),
    ],
)
def test_a_frame_with_a_wrong_header_is_unreadable(name: str, wrong: bytes | None) -> None:
    encoded = AUDIO.encode(FRAME)
    headers: Headers = (*((one, content) for one, content in encoded.headers if one != name), (name, wrong))
    with pytest.raises(msgspec.DecodeError):
        AUDIO.decode(encoded.value, headers)


def test_half_a_sample_is_unreadable() -> None:
    with pytest.raises(msgspec.DecodeError):
        AUDIO.decode(b"\0\1\2", AUDIO.encode(FRAME).headers)


@given(
    key=st.none() | st.binary(max_size=20),
    value=st.binary(max_size=50),
    headers=st.lists(st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=20)), max_size=9),
    put_back=st.none() | st.integers(0, 2**62),
)
def test_a_dead_letter_gives_back_the_record_as_it_was_whatever_its_headers_are_called(
    key: bytes | None, value: bytes, headers: list[tuple[str, bytes | None]], put_back: int | None
) -> None:
    letter = msgspec.structs.replace(
        LETTER, session_id=session_of(key), key=key, value=value, headers=tuple(headers), put_back=put_back
    )
    nested = msgspec.structs.replace(letter, headers=DEAD.encode(letter).headers)
    for one in (letter, nested):
        encoded = DEAD.encode(one)
        assert encoded.key == b"audience/3/7"
        assert DEAD.decode(encoded.value, encoded.headers) == one


@pytest.mark.parametrize(("name", "wrong"), [("dead_offset", b"none"), ("dead_topic", b"\xff"), ("dead_at_ms", None)])
def test_a_dead_letter_with_a_wrong_header_is_unreadable(name: str, wrong: bytes | None) -> None:
    encoded = DEAD.encode(LETTER)
    headers = tuple((one, wrong if one == name else content) for one, content in encoded.headers)
    with pytest.raises(msgspec.DecodeError):
        DEAD.decode(encoded.value, headers)
