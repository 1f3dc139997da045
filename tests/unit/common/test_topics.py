"""Values that break the contract, whoever wrote them: unreadable, and never anything worse."""

import msgspec
import pytest

from services.common.contracts import Audience, Caption, Final, Frame, Session, Word
from services.common.topics import ALL, AUDIO, TRANSCRIPTS, Headers, Topic

RECORDS = (
    Frame(session_id="s", language="en", seq=1, first_sample=16, captured_at_ms=2.0, received_at_ms=3.0, pcm=b"\0\1"),
    Final(session_id="s", language="en", index=0, words=()),
    Caption(session_id="s", language="pt", index=0, start_ms=0, end_ms=1, text="a", source="b", spoken=True),
    Session(session_id="s", code="c", title="t", owner="o", source_language="en"),
    Audience(session_id="s", language="pt", notifier_id="n", listeners=1, hearing=1, at_ms=0),
)
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


@pytest.mark.parametrize("end_ms", [b"-1.0", b"1e300"])
def test_words_of_no_time_are_unreadable(end_ms: bytes) -> None:
    final = Final(session_id="s", language="en", index=0, words=(Word("a", 0.0, 7.5),))
    with pytest.raises(msgspec.DecodeError):
        TRANSCRIPTS.decode(TRANSCRIPTS.encode(final).value.replace(b"7.5", end_ms), ())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("seq", wrong) for wrong in (None, b"", b"\xff", b"none")),
        *(("first_sample", wrong) for wrong in (b"-1", b"9" * 30, b"1e3")),
        *(("captured_at_ms", wrong) for wrong in (b"nan", b"inf", b"-inf")),
        ("received_at_ms", b"nan"),
        ("mark", b"begin"),
    ],
)
def test_a_frame_with_a_wrong_header_is_unreadable(name: str, wrong: bytes | None) -> None:
    encoded = AUDIO.encode(RECORDS[0])
    headers: Headers = (*((one, content) for one, content in encoded.headers if one != name), (name, wrong))
    with pytest.raises(msgspec.DecodeError):
        AUDIO.decode(encoded.value, headers)


def test_half_a_sample_is_unreadable() -> None:
    with pytest.raises(msgspec.DecodeError):
        AUDIO.decode(b"\0\1\2", AUDIO.encode(RECORDS[0]).headers)
