"""Records as lines for people."""

from services.cli.commands.tail import for_people, named
from services.common.contracts import Caption, Final, Frame, Mark, Session, Word


def test_records_are_lines_for_people() -> None:
    final = Final(session_id="abcdefghijkl", language="en", index=0, words=(Word("Hi", 100, 900),), previous_mark=".")
    assert for_people(final).endswith("abcdefgh  en  final      0.1 -    0.9  (.) Hi  [none]")
    failed = Caption(
        session_id="s",
        language="pt",
        index=4,
        start_ms=0,
        end_ms=900,
        text="",
        source="Hi",
        spoken=False,
        failed="late",
    )
    assert "#4 [failed: late]" in for_people(failed)
    ended = Frame(
        session_id="s", language="en", seq=9, first_sample=16_000, captured_at_ms=0, received_at_ms=0, mark=Mark.END
    )
    assert for_people(ended).endswith("#9 end")
    session = Session(session_id="s", code="k7f", title="Talk", owner="me", source_language="en")
    assert "“Talk” k7f en created" in for_people(session)


def test_a_topic_that_we_do_not_have_is_named() -> None:
    assert isinstance(complaint := named(["audio", "news"]), str)
    assert "news" in complaint
    assert [topic.name for topic in named(["audio"]) if not isinstance(topic, str)] == ["audio"]
    assert "audio" not in [topic.name for topic in named([]) if not isinstance(topic, str)]
