"""What is missing of a talk is no silent loss if everybody was told so, in the right place and with its length."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.faults.auditor import Kind
from tests.faults.auditor.evidence import (
    Acknowledged,
    AnyLine,
    Caption,
    Captured,
    Dropped,
    Fetched,
    Final,
    Frame,
    LaneFinished,
    Perished,
    Played,
    Record,
    Reported,
    Speech,
    SpokenWord,
    ToldCaption,
    ToldEnd,
    ToldSpeech,
)
from tests.faults.test_auditor import LINES, audited

HOLE = (12_096.0, 12_384.0)
"""Between two sentences of the recorded talk."""
FRAMES = range(126, 129)
FINAL, CAPTION = 14, 7
"""The indexes that what stands for it has."""


def talk_with_a_hole(*, captured: bool = False) -> list[Any]:
    """The recorded talk, had the speaker's client dropped the frames of the hole.

    captured: they came, and no recognizer took them.
    """
    lines: list[AnyLine] = []
    for line in map(_made_room, LINES):
        if captured:
            pass
        elif isinstance(line, Captured | Frame) and line.seq in FRAMES:
            if isinstance(line, Captured):
                lines.append(
                    Dropped(
                        session=line.session, first_sample=line.first_sample, samples=line.samples, at_ms=line.at_ms
                    )
                )
            continue
        elif isinstance(line, Captured | Frame | Acknowledged) and line.seq in FRAMES:
            line = replace(line, seq=FRAMES[0] - 1)
        elif isinstance(line, Captured | Frame | Acknowledged) and line.seq > FRAMES[-1]:
            line = replace(line, seq=line.seq - len(FRAMES))
        lines.append(line)
        match line:
            case Final(index=index) if index == FINAL - 1:
                lines.append(replace(line, index=FINAL, offset=line.offset + 1, words=(), missing=HOLE))
            case Caption(index=index) | ToldCaption(index=index) if index == CAPTION - 1:
                lines.append(_told(line))
            case _:
                pass
    return lines


def _made_room(line: Any) -> Any:
    """What comes after the hole, with the next index; every other offset of the topics is free."""
    if isinstance(line, Record):
        line = replace(line, offset=2 * line.offset)
    match line:
        case Final(index=index) if index >= FINAL:
            return replace(line, index=index + 1)
        case Caption() | Speech() | ToldCaption() | ToldSpeech() | Fetched() | Played() if line.index >= CAPTION:
            return replace(line, index=line.index + 1)
        case LaneFinished() | ToldEnd():
            return replace(line, segments=line.segments + 1)
    return line


def _told(before: Caption | ToldCaption) -> Caption | ToldCaption:
    start_ms, end_ms = HOLE
    where: dict[str, Any] = {"offset": before.offset + 1} if isinstance(before, Caption) else {}
    return replace(
        before,
        index=CAPTION,
        start_ms=start_ms,
        end_ms=end_ms,
        text="",
        source="",
        spoken=False,
        failed="audio missing",
        missing_ms=end_ms - start_ms,
        **where,
    )


def test_what_is_missing_and_told_to_everybody_is_no_silent_loss() -> None:
    account = audited(talk_with_a_hole())
    assert (account.clean, account.count(Kind.TOLD)) == (True, 1), account


def spoken(*spans: tuple[float, float]) -> list[SpokenWord]:
    """Words of the reference that nobody recognized."""
    session = LINES[0].session
    return [SpokenWord(session=session, text="wherever", start_ms=start, end_ms=end) for start, end in spans]


def with_words(lines: list[Any], words: list[SpokenWord]) -> list[Any]:
    """The record with these in the reference, in their place."""
    all_words = [*words, *(line for line in lines if isinstance(line, SpokenWord))]
    others = [line for line in lines if not isinstance(line, SpokenWord)]
    return [*others, *sorted(all_words, key=lambda word: word.start_ms)]


INSIDE = (12_100.0, 12_370.0)
JUST_AFTER = (12_390.0, 12_500.0)


@pytest.mark.parametrize(("captured", "kind"), [(False, Kind.TOLD), (True, Kind.UNHEARD)])
def test_a_mark_says_whether_its_audio_never_came_or_nobody_heard_it(captured: bool, kind: Kind) -> None:
    account = audited(talk_with_a_hole(captured=captured))
    assert ([finding.kind for finding in account.findings], account.clean) == ([kind], True)
    assert account.count(Kind.TOLD) == 1


@pytest.mark.parametrize(("captured", "kind"), [(False, Kind.TOLD), (True, Kind.UNHEARD)])
def test_a_mark_tells_of_the_words_inside_it_and_of_no_others(captured: bool, kind: Kind) -> None:
    account = audited(with_words(talk_with_a_hole(captured=captured), spoken(INSIDE, JUST_AFTER)))
    told, lost = (finding for finding in account.findings if finding.where == "spoken > recognized")
    assert ((told.kind, told.words), (lost.kind, lost.words)) == ((kind, 1), (Kind.LOST, 1))


def reported(*texts: str) -> list[Reported]:
    return [Reported(session=LINES[0].session, text=text) for text in ("now live", *texts)]


def died(line: Any) -> Any:
    return (
        Perished(session=line.session, first_sample=line.first_sample, samples=line.samples, at_ms=line.at_ms)
        if isinstance(line, Dropped)
        else line
    )


def test_the_speaker_is_told_of_frames_for_which_there_was_no_room() -> None:
    lines = talk_with_a_hole()
    assert audited([*lines, *reported("of the talk 3 frames are lost; from now on it is kept again")]).clean
    for not_told in ([], ["of the talk 2 frames are lost; from now on it is kept again"]):
        assert audited([*lines, *reported(*not_told)]).count(Kind.LOST) == 1


def test_the_speaker_is_told_of_what_died_with_their_machine() -> None:
    lines = list(map(died, talk_with_a_hole()))
    assert audited([*lines, *reported("0.3 s before this are missing; listeners are told so")]).clean
    for not_told in ([], ["0.4 s before this are missing; listeners are told so"]):
        assert audited([*lines, *reported(*not_told)]).count(Kind.LOST) == 1


def is_mark(line: Any, kind: type) -> bool:
    return isinstance(line, kind) and (getattr(line, "missing_ms", 0) > 0 or getattr(line, "missing", None) is not None)


def marks(kind: type, change: Callable[[Any], list[Any]]) -> Callable[[list[Any]], list[Any]]:
    """The record with each mark of this kind changed."""
    return lambda lines: [new for line in lines for new in (change(line) if is_mark(line, kind) else [line])]


DAMAGES = {
    "the transcript doesn't say so": (marks(Final, lambda _: []), Kind.LOST),
    "the transcript says so twice": (
        marks(Final, lambda line: [line, replace(line, index=99, offset=10_000)]),
        Kind.REPEATED,
    ),
    "it says that more is missing": (
        marks(Final, lambda line: [replace(line, missing=(HOLE[0], HOLE[1] + 500))]),
        Kind.LOST,
    ),
    "it says that less is missing": (
        marks(Final, lambda line: [replace(line, missing=(HOLE[0], HOLE[1] - 100))]),
        Kind.LOST,
    ),
    "it says so at the end": (marks(Final, lambda line: [replace(line, offset=10_000)]), Kind.REORDERED),
    "no language says so": (marks(Caption, lambda _: []), Kind.LOST),
    "languages give another length": (marks(Caption, lambda line: [replace(line, missing_ms=100.0)]), Kind.ALTERED),
    "languages give no reason": (marks(Caption, lambda line: [replace(line, failed=None)]), Kind.ALTERED),
    "listeners aren't told": (marks(ToldCaption, lambda _: []), Kind.LOST),
    "listeners are told another length": (
        marks(ToldCaption, lambda line: [replace(line, missing_ms=100.0)]),
        Kind.ALTERED,
    ),
    "nobody knows why it is": (lambda lines: [one for one in lines if not isinstance(one, Dropped)], Kind.LOST),
}


@pytest.mark.parametrize(("damage", "kind"), DAMAGES.values(), ids=DAMAGES)
def test_a_mark_that_is_wrong_is_found(damage: Callable[[list[Any]], list[Any]], kind: Kind) -> None:
    account = audited(damage(talk_with_a_hole()))
    assert account.count(kind) > 0, account


def test_a_mark_where_nothing_is_missing_is_found() -> None:
    lines = [line for line in LINES if not isinstance(line, Final)]
    finals = [line for line in LINES if isinstance(line, Final)]
    wrong = replace(finals[0], index=len(finals), offset=10_000, words=(), missing=(4000.0, 5000.0))
    assert audited([*lines, *finals, wrong]).count(Kind.ALTERED) > 0
