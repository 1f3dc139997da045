"""The auditor finds nothing wrong with a talk that went well, and every way in which its record is damaged.

``tests/data/audit`` is the record of a short talk, made by ``python -m tests.faults.record``.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.auditor import Account, Kind, audit
from tests.faults.auditor.evidence import (
    Acknowledged,
    AnyLine,
    Audience,
    Caption,
    Captured,
    Clip,
    Fetched,
    Final,
    Finished,
    Frame,
    Joined,
    LaneFinished,
    Line,
    Listened,
    Played,
    Speech,
    SpokenWord,
    State,
    ToldCaption,
    ToldEnd,
    ToldSpeech,
    Word,
    read,
)
from tests.faults.auditor.talk import of_each_session

RECORD = Path(__file__).parents[1] / "data" / "audit"
LINES: Sequence[AnyLine] = read(RECORD)

L = TypeVar("L", bound=Line)
Damage = Callable[[list[Any]], list[Any]]


def audited(lines: Iterable[AnyLine]) -> Account:
    (account,) = audit(lines)
    return account


def test_a_talk_that_went_well_is_clean_and_every_millisecond_of_it_arrived() -> None:
    account = audited(LINES)
    assert account.findings == []
    of_the_floor = [account.stages_ms[stage] for stage in ("captured", "acknowledged", "audio")]
    assert of_the_floor == [account.stages_ms["spoken into the microphone"]] * 3
    heard = [account.stages_ms[f"pt: {stage}"] for stage in ("translated", "spoken", "stored")]
    heard += [account.stages_ms[f"pt listener: {stage}"] for stage in ("announced", "fetched", "played")]
    assert heard == [account.stages_ms["recognized"]] * 6
    assert account.spoken_words > 20


def at(kind: type[L], number: int, language: str | None = "pt") -> int:
    """Where in the record the line of this kind is, counted within its language where it has one."""
    places = [
        place
        for place, line in enumerate(LINES)
        if isinstance(line, kind) and getattr(line, "language", language) == language
    ]
    return places[number]


def without(kind: type[Line], number: int) -> Damage:
    place = at(kind, number)
    return lambda lines: lines[:place] + lines[place + 1 :]


def changed(kind: type[Line], number: int, **by: Any) -> Damage:
    """by: new values, or functions of the old ones."""
    place = at(kind, number)

    def damage(lines: list[Any]) -> list[Any]:
        line = lines[place]
        new = {name: value(getattr(line, name)) if callable(value) else value for name, value in by.items()}
        return [*lines[:place], msgspec.structs.replace(line, **new), *lines[place + 1 :]]

    return damage


def twice(kind: type[Line], number: int, later: int = 0) -> Damage:
    """Again, right after itself; on a topic as many records later."""
    place = at(kind, number)

    def damage(lines: list[Any]) -> list[Any]:
        line = lines[place]
        again = msgspec.structs.replace(line, offset=line.offset + later) if hasattr(line, "offset") else line
        return [*lines[: place + 1], again, *lines[place + 1 :]]

    return damage


def swapped(kind: type[Line], number: int) -> Damage:
    """A line and the next one of its kind, the places on the topic too."""
    one, other = at(kind, number), at(kind, number + 1)

    def damage(lines: list[Any]) -> list[Any]:
        lines = list(lines)
        first, second = lines[one], lines[other]
        if hasattr(first, "offset"):
            lines[one] = msgspec.structs.replace(first, offset=second.offset)
            lines[other] = msgspec.structs.replace(second, offset=first.offset)
        else:
            lines[one], lines[other] = second, first
        return lines

    return damage


def other_name(key: str) -> str:
    return key.replace("000001", "000000")


def shifted(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return (Word(words[0].text, words[0].start_ms + 100, words[0].end_ms), *words[1:])


def later(ms: float) -> float:
    return ms + 7500


DAMAGES: dict[str, tuple[Damage, Kind, str]] = {
    # the floor
    "a captured frame is missing": (without(Captured, 20), Kind.LOST, "microphone > captured"),
    "the last frame was never acknowledged": (
        lambda lines: [x for x in lines if not isinstance(x, Acknowledged) or x.seq < 100],
        Kind.LOST,
        "captured > acknowledged",
    ),
    "a frame is not on the topic": (without(Frame, 30), Kind.LOST, "captured > audio"),
    "a frame has other samples": (changed(Frame, 30, digest="0"), Kind.ALTERED, "captured > audio"),
    "a frame is elsewhere in time": (changed(Frame, 30, first_sample=0), Kind.ALTERED, "captured > audio"),
    "two frames are swapped": (swapped(Frame, 30), Kind.REORDERED, "captured > audio"),
    "a frame was never captured": (changed(Frame, 30, seq=9999), Kind.ALTERED, "captured > audio"),
    "the end is missing": (without(Frame, -1), Kind.LOST, "spoken > audio"),
    "the end is too early": (changed(Frame, -1, first_sample=16_000), Kind.ALTERED, "spoken > audio"),
    "a frame comes after the end": (swapped(Frame, -2), Kind.REORDERED, "spoken > audio"),
    # the transcript
    "a final is missing": (without(Final, 2), Kind.LOST, "audio > recognized"),
    "a final is repeated": (twice(Final, 2), Kind.REPEATED, "audio > recognized"),
    "two finals are swapped": (swapped(Final, 1), Kind.REORDERED, "audio > recognized"),
    "the words of a final are missing": (changed(Final, 2, words=()), Kind.ALTERED, "pt: recognized > translated"),
    "words are recognized again": (
        changed(Final, -2, words=lambda words: LINES[at(Final, -3)].words),  # type: ignore[union-attr]
        Kind.REORDERED,
        "audio > recognized",
    ),
    "a word is elsewhere in time": (changed(Final, 0, words=shifted), Kind.ALTERED, "pt: recognized > translated"),
    "a word ends after the talk": (
        changed(Final, -1, words=lambda words: (*words[:-1], Word("x", 1e6, 1e6))),
        Kind.ALTERED,
        "audio > recognized",
    ),
    "a stretch was not recognized": (
        lambda lines: [x for x in lines if not isinstance(x, Final) or not 4000 < x.words[0].start_ms < 9000],
        Kind.LOST,
        "spoken > recognized",
    ),
    "the transcript never finished": (without(Finished, 0), Kind.LOST, "audio > recognized"),
    "the transcript finished twice": (twice(Finished, 0), Kind.REPEATED, "audio > recognized"),
    "the transcript finished too early": (changed(Finished, 0, offset=0), Kind.REORDERED, "audio > recognized"),
    "the transcript has another length": (changed(Finished, 0, end_ms=1000.0), Kind.ALTERED, "audio > recognized"),
    # the lanes
    "a caption is missing": (without(Caption, 1), Kind.LOST, "pt: translations"),
    "the last caption is missing": (without(Caption, -1), Kind.LOST, "pt: recognized > translated"),
    "a caption is repeated": (twice(Caption, 1), Kind.REPEATED, "pt: translations"),
    "two captions are swapped": (swapped(Caption, 1), Kind.REORDERED, "pt: translations"),
    "a caption's span is shifted": (
        changed(Caption, 1, start_ms=lambda ms: ms + 40, end_ms=lambda ms: ms + 40),
        Kind.ALTERED,
        "pt: recognized > translated",
    ),
    "spans overlap": (changed(Caption, 2, start_ms=lambda ms: ms - 400), Kind.ALTERED, "pt: recognized > translated"),
    "a caption renders other words": (changed(Caption, 1, source="no"), Kind.ALTERED, "pt: recognized > translated"),
    "a caption failed": (changed(Caption, 1, failed="x"), Kind.TOLD, "pt: recognized > translated"),
    "a caption says something else": (changed(Caption, 1, text="não"), Kind.ALTERED, "pt listener: published >"),
    "promised speech is missing": (without(Speech, 1), Kind.LOST, "pt: translated > spoken"),
    "speech is repeated": (twice(Speech, 1), Kind.REPEATED, "pt: translated > spoken"),
    "speeches are swapped": (swapped(Speech, 1), Kind.REORDERED, "pt: translated > spoken"),
    "speech comes before its caption": (changed(Speech, 1, offset=0), Kind.REORDERED, "pt: translated > spoken"),
    "speech says something else": (changed(Speech, 1, text="não"), Kind.ALTERED, "pt: translated > spoken"),
    "speech without a clip": (changed(Speech, 1, key=None), Kind.LOST, "pt: translated > spoken"),
    "speech failed": (changed(Speech, 1, key=None, failed="x"), Kind.TOLD, "pt: translated > spoken"),
    "speech was never meant to be": (changed(Caption, 1, spoken=False), Kind.LOST, "pt: translated > spoken"),
    "a language never finished": (without(LaneFinished, 0), Kind.LOST, "pt: translations"),
    "a language finished twice": (twice(LaneFinished, 0), Kind.REPEATED, "pt: translations"),
    "a language finished too early": (changed(LaneFinished, 0, offset=0), Kind.REORDERED, "pt: translations"),
    "a language counts wrong": (changed(LaneFinished, 0, segments=99), Kind.LOST, "pt: translations"),
    # the clips
    "a clip is missing": (without(Clip, 1), Kind.LOST, "pt: spoken > stored"),
    "a clip is cut": (changed(Clip, 1, duration_ms=lambda ms: ms - 10), Kind.ALTERED, "pt: spoken > stored"),
    "a clip is another one": (changed(Clip, 1, digest="0"), Kind.ALTERED, "pt listener: announced > fetched"),
    "a clip is silent": (changed(Clip, 1, sounding_ms=100.0), Kind.ALTERED, "pt: spoken > stored"),
    "a clip is used twice": (changed(Speech, 1, key=other_name), Kind.REPEATED, "pt: spoken > stored"),
    # the listeners
    "a caption is not announced": (without(ToldCaption, 1), Kind.LOST, "pt listener: published > announced"),
    "a caption is announced again": (twice(ToldCaption, 1), Kind.REPEATED, "pt listener: announced"),
    "captions are announced in another order": (swapped(ToldCaption, 1), Kind.REORDERED, "pt listener: announced"),
    "an announced caption is another": (changed(ToldCaption, 1, text="não"), Kind.ALTERED, "pt listener: published >"),
    "a caption that nobody published": (changed(ToldCaption, 1, index=99), Kind.ALTERED, "pt listener: published >"),
    "speech is not announced": (without(ToldSpeech, 1), Kind.LOST, "pt listener: published > announced"),
    "speech is announced again": (twice(ToldSpeech, 1), Kind.REPEATED, "pt listener: announced"),
    "speech is announced in another order": (swapped(ToldSpeech, 0), Kind.REORDERED, "pt listener: announced"),
    "announced speech has another length": (
        changed(ToldSpeech, 1, duration_ms=1.0),
        Kind.ALTERED,
        "pt listener: published > announced",
    ),
    "speech is announced before its caption": (
        lambda lines: [lines[at(ToldSpeech, 1)], *without(ToldSpeech, 1)(lines)],
        Kind.REORDERED,
        "pt listener: announced",
    ),
    "the end is not announced": (without(ToldEnd, 0), Kind.LOST, "pt listener: published > announced"),
    "the end is announced twice": (twice(ToldEnd, 0), Kind.REPEATED, "pt listener: published > announced"),
    "the end counts wrong": (changed(ToldEnd, 0, segments=0), Kind.LOST, "pt listener: published > announced"),
    "a clip is not fetched": (without(Fetched, 1), Kind.LOST, "pt listener: announced > fetched"),
    "a clip could not be had": (changed(Fetched, 1, digest=None), Kind.GIVEN_UP, "pt listener: announced > fetched"),
    "a fetched clip is another": (changed(Fetched, 1, digest="0"), Kind.ALTERED, "pt listener: announced > fetched"),
    "a clip is not played": (without(Played, 1), Kind.LOST, "pt listener: fetched > played"),
    "a clip is played twice": (twice(Played, 1), Kind.REPEATED, "pt listener: fetched > played"),
    "clips are played in another order": (swapped(Played, 0), Kind.REORDERED, "pt listener: fetched > played"),
    "clips are played over each other": (
        changed(Played, 1, at_ms=lambda ms: ms - 5000, until_ms=lambda ms: ms - 5000),
        Kind.REORDERED,
        "pt listener: fetched > played",
    ),
    "a clip is cut off": (
        changed(Played, 1, until_ms=lambda ms: ms - 100),
        Kind.ALTERED,
        "pt listener: fetched > played",
    ),
    "a caption comes late": (changed(ToldCaption, 5, at_ms=later), Kind.LATE, "pt listener: spoken > announced"),
    "a clip is heard late": (
        changed(Played, -1, at_ms=later, until_ms=later),
        Kind.LATE,
        "pt listener: spoken > played",
    ),
    # the session
    "that it has ended is missing": (
        lambda lines: [x for x in lines if not isinstance(x, State) or x.state != "ended"],
        Kind.LOST,
        "sessions",
    ),
    "it goes on after the end": (changed(State, -1, state="live"), Kind.REORDERED, "sessions"),
    "nobody counts the listeners": (
        lambda lines: [x for x in lines if not isinstance(x, Audience)],
        Kind.LOST,
        "audience",
    ),
}


@pytest.mark.parametrize(("damage", "kind", "where"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found_for_what_it_is(damage: Damage, kind: Kind, where: str) -> None:
    account = audited(damage(list(LINES)))
    assert any(found.kind is kind and found.where.startswith(where) for found in account.findings), account
    assert kind in (Kind.TOLD, Kind.LATE) or not account.clean


def test_what_is_late_is_told_with_the_moment_at_which_it_came_and_nothing_else_is_wrong() -> None:
    lines = changed(ToldCaption, 5, at_ms=later)(list(LINES))
    account = audited(lines)
    (finding,) = account.findings
    assert (finding.kind, finding.at_ms) == (Kind.LATE, lines[at(ToldCaption, 5)].at_ms)
    assert account.clean


def test_what_failed_and_was_told_so_to_everybody_is_counted_and_no_silent_loss() -> None:
    lines = changed(Speech, 1, key=None, failed="x")(list(LINES))
    lines = changed(ToldSpeech, 1, clip=False, failed="x")(lines)
    silent = {at(Fetched, 1), at(Played, 1)}
    account = audited(line for place, line in enumerate(lines) if place not in silent)
    assert (account.clean, account.count(Kind.TOLD)) == (True, 1)


def unspoken(number: int, why: str | None) -> list[Any]:
    """The record of a talk in which this caption was never to be spoken, and all know it."""
    lines = changed(Caption, number, spoken=False, unspoken=why)(list(LINES))
    lines = changed(ToldCaption, number, spoken=False, unspoken=why)(lines)
    index = lines[at(Caption, number)].index
    return [
        line
        for line in lines
        if not isinstance(line, Speech | ToldSpeech | Fetched | Played) or (line.language, line.index) != ("pt", index)
    ]


def said_at_ms(number: int) -> float:
    """When the words of this caption had been spoken, by the wall clock."""
    caption: Any = LINES[at(Caption, number)]
    (talk,) = of_each_session(LINES)
    return talk.captured_at_ms(caption.end_ms)


def test_what_is_not_spoken_though_somebody_hears_it_is_lost_as_many_words_as_it_has() -> None:
    caption: Any = LINES[at(Caption, 1)]
    (finding,) = audited(unspoken(1, None)).findings
    words = len(caption.source.split())
    assert (finding.kind, finding.where, finding.words) == (Kind.LOST, "pt: translated > spoken", words)


def test_what_is_not_spoken_and_says_why_is_told() -> None:
    account = audited(unspoken(1, "speech left out to keep up"))
    assert (account.clean, account.count(Kind.TOLD), len(account.findings)) == (True, 1, 1)


@pytest.mark.parametrize("hears", [True, False])
def test_what_was_said_before_anybody_came_to_hear_it_need_not_be_spoken(hears: bool) -> None:
    lines = unspoken(1, None)
    place = lines.index(LINES[at(Joined, 0)])
    came = {"at_ms": said_at_ms(1) + 1} if hears else {"hear": False}
    lines[place] = msgspec.structs.replace(lines[place], **came)
    findings = audited(lines).findings
    assert [one for one in findings if one.where == "pt: translated > spoken"] == []


def test_what_was_said_after_who_heard_it_had_left_need_not_be_spoken() -> None:
    until_ms = said_at_ms(1)
    left = [x for x in unspoken(1, None) if not isinstance(x, Listened) or x.language != "pt" or x.at_ms < until_ms]
    assert [one for one in audited(left).findings if one.where == "pt: translated > spoken"] == []


def test_a_clip_that_a_listener_gave_up_is_lost_whatever_else_is_said_of_it() -> None:
    account = audited(changed(Fetched, 1, digest=None)(list(LINES)))
    assert (account.clean, account.count(Kind.GIVEN_UP), account.count(Kind.LOST)) == (False, 1, 1)


NEEDED = [
    place
    for place, line in enumerate(LINES)
    if not isinstance(line, SpokenWord | Acknowledged | State | Audience | Joined)
]
"""Lines that tell of one thing each; of the others several tell of the same."""


@given(place=st.sampled_from(NEEDED))
def test_no_line_can_be_missing(place: int) -> None:
    assert not audited([*LINES[:place], *LINES[place + 1 :]]).clean


RECORDS = [place for place in NEEDED if isinstance(LINES[place], Final | Caption | Speech | LaneFinished)]


@given(place=st.sampled_from(RECORDS))
def test_no_record_can_be_there_twice(place: int) -> None:
    assert not audited([*LINES, LINES[place]]).clean


SPANS = [place for place in NEEDED if isinstance(LINES[place], Caption | Speech | ToldCaption | ToldSpeech)]


@given(place=st.sampled_from(SPANS), by_ms=st.floats(20, 5000), end=st.sampled_from(["start_ms", "end_ms"]))
def test_no_span_can_begin_or_end_elsewhere(place: int, by_ms: float, end: str) -> None:
    line: Any = LINES[place]
    elsewhere = msgspec.structs.replace(line, **{end: getattr(line, end) + by_ms})
    assert not audited([*LINES[:place], elsewhere, *LINES[place + 1 :]]).clean


def test_frames_that_are_sent_again_as_they_were_are_counted_and_no_fault() -> None:
    account = audited(twice(Frame, 30)(list(LINES)))
    assert (account.clean, account.resent_frames) == (True, 1)


def test_an_announcement_may_come_again_on_another_connection() -> None:
    joined, caption = LINES[at(Joined, 0)], LINES[at(ToldCaption, 0)]
    place = at(ToldCaption, 0) + 1
    again = [joined, caption, *(line for line in LINES[place:] if isinstance(line, ToldCaption))]
    assert audited([*LINES[:place], *again[:2], *LINES[place:]]).findings == []


def test_a_word_shorter_than_the_tolerance_belongs_to_the_caption_that_it_begins() -> None:
    first: Any = LINES[at(Caption, 0)]
    second: Any = LINES[at(Caption, 1)]

    def earlier(line: Any) -> Any:
        """What begins with the second caption's first word begins where the first caption ends."""
        if isinstance(line, Final):
            words = tuple(
                msgspec.structs.replace(word, start_ms=first.end_ms, end_ms=first.end_ms + 1)
                if word.start_ms == second.start_ms
                else word
                for word in line.words
            )
            return msgspec.structs.replace(line, words=words)
        if isinstance(line, Caption | Speech | ToldCaption | ToldSpeech) and line.start_ms == second.start_ms:
            return msgspec.structs.replace(line, start_ms=first.end_ms)
        return line

    assert second.start_ms in {word.start_ms for line in LINES if isinstance(line, Final) for word in line.words}
    assert audited(map(earlier, LINES)).findings == []


def test_a_word_of_no_length_belongs_to_the_caption_that_it_ends() -> None:
    caption: Any = LINES[at(Caption, 0)]

    def shorter(line: Any) -> Any:
        if isinstance(line, Final):
            words = tuple(
                msgspec.structs.replace(word, start_ms=word.end_ms) if word.end_ms == caption.end_ms else word
                for word in line.words
            )
            return msgspec.structs.replace(line, words=words)
        return line

    assert list(map(shorter, LINES)) != LINES
    assert audited(map(shorter, LINES)).findings == []
