"""Records that were set aside, as people and programs are shown them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.commands.dead import SetAside, as_line_of_json, distinct, for_people, preview, printable
from services.cli.commands.tail import named
from services.common.contracts import DeadLetter

LETTER = DeadLetter(
    session_id="abcdefghijkl",
    topic="transcripts",
    partition=2,
    offset=41,
    key=b"abcdefghijkl",
    value=b'{"type":"final"}',
    headers=(("v", b"1"),),
    by="translator",
    at_ms=1_000.0,
    cause="Object missing required field `words`",
)


def a_letter(**changed: object) -> DeadLetter:
    return msgspec.structs.replace(LETTER, **changed)


def test_what_several_tasks_set_aside_or_one_did_again_is_shown_once_as_it_was_first() -> None:
    other = a_letter(offset=42, at_ms=1_500.0)
    known = [a_letter(at_ms=2_000.0, by="later"), LETTER, other, a_letter(at_ms=3_000.0)]
    assert distinct(known) == [SetAside(LETTER, None), SetAside(other, None)]


def test_what_was_put_back_says_where() -> None:
    note = a_letter(value=b"", headers=(), at_ms=2_000.0, put_back=50)
    gone = a_letter(offset=1, put_back=51)
    known = [LETTER, note, gone, a_letter(at_ms=3_000.0)]
    assert distinct(known) == [SetAside(LETTER, 50)]
    assert "put back at offset 50" in for_people(SetAside(LETTER, 50))


def test_people_are_told_place_service_session_size_cause_and_what_it_begins_with() -> None:
    first, cause, begins = for_people(SetAside(LETTER, None)).splitlines()
    assert first.startswith("transcripts/2/41  19")
    assert first.endswith("  translator  abcdefghijkl  16 bytes")
    assert cause.strip() == LETTER.cause
    assert begins.strip() == '{"type":"final"}'


def test_programs_are_told_the_same_and_no_more_of_the_content() -> None:
    told = msgspec.json.decode(as_line_of_json(SetAside(a_letter(value=b"said " * 1_000), None)))
    assert (told["place"], told["session"], told["by"]) == ("transcripts/2/41", "abcdefghijkl", "translator")
    assert (told["bytes"], told["put_back"]) == (5_000, None)
    assert told["preview"] == "said " * 20 + "…"


def test_of_sound_the_headers_are_shown() -> None:
    letter = a_letter(topic="audio", value=b"\x01\x02" * 1_500, headers=(("seq", b"x"), ("mark", None)))
    assert preview(letter) == "seq=x mark="


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"\x1b[2Jgone\r\n", "\\x1b[2Jgone\\r\\n"),
        (b"\xff\x00", "\\xff\\x00"),
        ("\u202egnp.exe".encode(), "\\u202egnp.exe"),
        ("Olá, às três".encode(), "Olá, às três"),
    ],
)
def test_nothing_of_a_record_is_obeyed_by_a_terminal(value: bytes, shown: str) -> None:
    assert preview(a_letter(value=value)) == shown


@given(st.text(), st.integers(1, 50))
def test_what_is_printed_is_printable_and_bounded(text: str, most: int) -> None:
    shown = printable(text, most)
    assert shown.isprintable()
    assert len(shown) <= most + 1


def test_the_topic_has_a_command_of_its_own_and_tail_leaves_it_out() -> None:
    assert isinstance(named(["dead"]), str)
    assert "dead" not in [topic.name for topic in named([]) if not isinstance(topic, str)]
