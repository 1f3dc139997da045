"""Words that are nowhere, or twice everywhere, in records that fit together otherwise: only the reference tells."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.faults.auditor import Account, Kind
from tests.faults.auditor.alignment import differences, plain
from tests.faults.auditor.evidence import (
    Caption,
    Final,
    Speech,
    SpokenWord,
    ToldCaption,
    ToldSpeech,
    Word,
)
from tests.faults.test_auditor import LINES as RECORDED
from tests.faults.test_auditor import audited

LINES = [
    replace(line, text="Euro") if isinstance(line, SpokenWord) and line.text == "Europe" else line for line in RECORDED
]
"""With the one word that was recognized for another as it was recognized."""
WORDS: Sequence[Word] = [word for line in LINES if isinstance(line, Final) for word in line.words]
CUT_OFF = 1
"""At the end of the talk: ``two``, of a number."""
OTHERS = ["gravel", "windmill", "fourpence", "bucket", "sphinx", "dumpling", "whiskey", "hogmanay"]
"""Nobody said anything like these."""
CAPTIONS = {
    (line.start_ms, line.end_ms): [
        word for word in WORDS if line.start_ms <= word.start_ms and word.end_ms <= line.end_ms
    ]
    for line in LINES
    if isinstance(line, Caption)
}
"""Their words by their spans, of all languages."""
JUDGED = WORDS[:-3]
"""The last ones may have been cut off."""
RUNS = [JUDGED[first : first + size] for size in range(1, 7) for first in range(len(JUDGED) - size + 1)]
LEAVING_SOME = [run for run in RUNS if all(set(words) - set(run) for words in CAPTIONS.values())]
IN_ONE_CAPTION = [
    run for run in RUNS if all(set(run) <= set(words) or not set(run) & set(words) for words in CAPTIONS.values())
]
Change = Callable[[Word], Sequence[Word]]


def talk(change: Change) -> list[Any]:
    """The recorded talk, had each word been recognized as these, and all else been made of them."""
    left = {span: [new for word in words for new in change(word)] for span, words in CAPTIONS.items()}
    return [_made_of(line, change, left) for line in LINES]


def _made_of(line: Any, change: Change, left: dict[tuple[float, float], list[Word]]) -> Any:
    if isinstance(line, Final):
        return replace(line, words=tuple(new for word in line.words for new in change(word)))
    if not isinstance(line, Caption | ToldCaption | Speech | ToldSpeech):
        return line
    words = left[line.start_ms, line.end_ms]
    span = {"start_ms": words[0].start_ms, "end_ms": words[-1].end_ms}
    source = {} if isinstance(line, Speech | ToldSpeech) else {"source": " ".join(word.text for word in words)}
    return replace(line, **span, **source)


def without(run: Sequence[Word]) -> list[Any]:
    return talk(lambda word: [] if word in run else [word])


def repeated(run: Sequence[Word], times: int = 2) -> list[Any]:
    """In the time of the run, one after the other."""

    def copies(word: Word) -> Sequence[Word]:
        if word not in run:
            return [word]
        return [squeezed(one, copy) for copy in range(times) for one in run] if word is run[0] else []

    def squeezed(word: Word, copy: int) -> Word:
        start, length = run[0].start_ms, (run[-1].end_ms - run[0].start_ms) / times
        at = [start + copy * length + (ms - start) / times for ms in (word.start_ms, word.end_ms)]
        return Word(word.text, *at)

    return talk(copies)


def findings(account: Account) -> list[tuple[Kind, str, int]]:
    return [(finding.kind, finding.where, finding.words) for finding in account.findings]


def test_a_talk_made_of_all_its_words_is_clean() -> None:
    account = audited(talk(lambda word: [word]))
    assert (account.findings, account.words_not_recognized, account.words_not_spoken) == ([], CUT_OFF, 0)


@given(run=st.sampled_from([run for run in LEAVING_SOME if len(run) > 1]))
def test_no_two_words_in_a_row_can_be_missing_everywhere(run: Sequence[Word]) -> None:
    account = audited(without(run))
    assert {(kind, where) for kind, where, _ in findings(account)} == {(Kind.LOST, "spoken > recognized")}
    assert sum(words for _, _, words in findings(account)) == len(run)
    assert (account.words_not_recognized, account.words_not_spoken) == (CUT_OFF + len(run), 0)


@given(run=st.sampled_from([run for run in LEAVING_SOME if len(run) == 1]))
def test_a_single_word_that_is_missing_is_counted_and_found_unless_it_is_short(run: Sequence[Word]) -> None:
    account = audited(without(run))
    long = len(plain(run[0].text)) >= 4
    assert findings(account) == [(Kind.LOST, "spoken > recognized", 1)] * long
    assert account.words_not_recognized == CUT_OFF + len(run)


def others(instead: Mapping[int, Sequence[str]]) -> list[Any]:
    """In the time of each of these words, by their place."""

    def change(word: Word) -> Sequence[Word]:
        texts = instead.get(WORDS.index(word), [word.text])
        step = (word.end_ms - word.start_ms) / max(1, len(texts))
        return [Word(text, word.start_ms + n * step, word.start_ms + (n + 1) * step) for n, text in enumerate(texts)]

    return talk(change)


@given(run=st.sampled_from([run for run in RUNS if len(run) > 1]), first=st.integers(0, 7))
def test_no_two_words_in_a_row_can_become_others_that_are_not_like_them(run: Sequence[Word], first: int) -> None:
    places = [WORDS.index(word) for word in run]
    account = audited(others({place: [OTHERS[(first + place) % 8]] for place in places}))
    assert {(kind, where) for kind, where, _ in findings(account)} == {(Kind.LOST, "spoken > recognized")}
    assert account.words_not_recognized == CUT_OFF + len(run)


@given(place=st.sampled_from([place for place in range(len(JUDGED) - 1) if len(plain(WORDS[place].text)) >= 4]))
def test_no_long_word_can_be_missing_beside_one_that_became_another(place: int) -> None:
    beside = WORDS[place + 1]
    account = audited(others({place: [], place + 1: [beside.text[:-1] + "x"]}))
    assert {(kind, where) for kind, where, _ in findings(account)} == {(Kind.LOST, "spoken > recognized")}


def test_no_three_words_of_a_talk_can_become_others_that_are_not_like_them() -> None:
    scattered = {place: [OTHERS[place % 8]] for place in (1, 12, 23)}
    assert findings(audited(others(scattered))) == [(Kind.ALTERED, "spoken > recognized", 3)]
    scattered.popitem()
    assert findings(audited(others(scattered))) == []


@given(later_ms=st.sampled_from([-1300.0, 1300.0, 9000.0]))
def test_no_words_can_be_elsewhere_than_where_they_were_spoken(later_ms: float) -> None:
    def moved(line: Any) -> Any:
        if not isinstance(line, SpokenWord):
            return line
        return replace(line, start_ms=line.start_ms + later_ms, end_ms=line.end_ms + later_ms)

    found = findings(audited([moved(line) for line in LINES]))
    assert {(kind, where) for kind, where, _ in found} == {(Kind.ALTERED, "spoken > recognized")}


def test_what_was_cut_off_at_the_end_of_the_recording_is_counted_and_not_found() -> None:
    account = audited(without(WORDS[-1:]))
    assert (account.findings, account.words_not_recognized) == ([], CUT_OFF + 1)


@given(run=st.sampled_from([run for run in IN_ONE_CAPTION if len(run) > 1]), times=st.integers(2, 3))
def test_no_words_can_be_repeated_everywhere(run: Sequence[Word], times: int) -> None:
    account = audited(repeated(run, times))
    assert findings(account) == [(Kind.REPEATED, "audio > recognized", len(run) * (times - 1))]
    assert account.words_not_spoken == len(run) * (times - 1)


def test_a_long_word_can_not_be_said_twice() -> None:
    (word,) = (word for word in WORDS if word.text == "certificates")
    assert findings(audited(repeated([word]))) == [(Kind.REPEATED, "audio > recognized", 1)]


def test_words_come_back_later() -> None:
    run = WORDS[4:7]

    def change(word: Word) -> Sequence[Word]:
        after = WORDS[10]
        if word != after:
            return [word]
        step = (after.end_ms - after.start_ms) / 4
        times = [(after.start_ms + n * step, after.start_ms + (n + 1) * step) for n in range(4)]
        return [Word(text, *span) for text, span in zip([after.text, *(one.text for one in run)], times, strict=True)]

    assert findings(audited(talk(change))) == [(Kind.REPEATED, "audio > recognized", 3)]


def test_words_that_nobody_said_are_found() -> None:
    def change(word: Word) -> Sequence[Word]:
        if word != WORDS[10]:
            return [word]
        third = (word.end_ms - word.start_ms) / 3
        times = [(word.start_ms + n * third, word.start_ms + (n + 1) * third) for n in range(3)]
        return [Word(text, *span) for text, span in zip([word.text, "thank", "you"], times, strict=True)]

    assert findings(audited(talk(change))) == [(Kind.ALTERED, "audio > recognized", 2)]


@pytest.mark.parametrize(
    ("said", "heard", "not_recognized", "not_spoken"),
    [
        ("with mud huts and", "with mudhuts and", 0, 0),
        ("early as three thousand eight hundred B.C.", "early as 3,800 BC", 0, 0),
        ("at 9 o'clock", "at nine o'clock", 0, 0),
        ("at 9 o'clock", "at o'clock", 1, 0),
        ("Columbia is lost", "Columbia's lost", 2, 0),
        ("Kalpana Chawla; and Ilan Ramon", "Kulbna Shavla Anylan Ramon", 4, 0),
        ("It was an old, old city", "It was an old city", 1, 0),
        ("of the World. Babylon, even", "of the even", 2, 0),
        ("to our country. At nine", "to our country country at 9", 0, 1),
    ],
)
def test_words_are_counted_that_became_others_or_nothing(
    said: str, heard: str, not_recognized: int, not_spoken: int
) -> None:
    spoken = [SpokenWord(session="s", text=text, start_ms=0, end_ms=1) for text in said.split()]
    found = differences(spoken, [Word(text, 0, 1) for text in heard.split()])
    counts = sum(one.not_recognized for one in found), sum(one.not_spoken for one in found)
    assert counts == (not_recognized, not_spoken)
