"""Recognized: finals once, in order; words that follow each other; what was spoken is in them, once.

A recognizer errs by itself, so it matters how. In 146 recorded runs (22,217 words) the one at hand took words for
others like them (``Chawla`` for ``Shavla``), joined two (``Columbia's``) and wrote numbers in figures; but where
nothing had happened it left no word out with nothing in its place, took none for one that isn't like it, said none
twice, made up one, and placed each within 0.8 s of where it was spoken, save at the very end of a talk that was cut
off.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median

from tests.faults.auditor.alignment import figures, letters_without, not_stood_for, plain, said
from tests.faults.auditor.checks.sequence import gapless
from tests.faults.auditor.evidence import Final, Finished, SpokenWord, Word
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk

_RUN = 2
"""So many words in a row are no recognizer's error."""
_LONG = 4
"""Nor is a single one of so many letters, if nothing stands in its place; short ones may be swallowed."""
_UNLIKE = 3
"""So many words of one talk that each became another, unlike them, are no recognizer's errors either."""
_MISPLACED_MS = 1000.0
"""Words in a row that are all so far from where they were spoken are misplaced: 790 at most in those runs."""
_CUT_OFF_MS = 1000.0
"""What is spoken so shortly before the end of a recording that breaks off can't be judged."""
_AGAIN_MS = 15_000.0
"""Words of a run that come again within this time are that run, repeated."""
_LONGER_MS = 600.0
"""A word may seem to last so much longer than the audio."""


def check(talk: Talk) -> Iterator[Finding]:
    """What is wrong between ``audio`` and ``transcripts``."""
    yield from gapless("audio > recognized", "final", [final.index for final in talk.of(Final)])
    yield from _in_time(talk)
    yield from _finished(talk)
    yield from _heard(talk)
    yield from _in_place(talk)
    yield from _made_up(talk)


def _in_time(talk: Talk) -> Iterator[Finding]:
    where, words = "audio > recognized", talk.words
    for before, after in pairwise(words):
        if after.end_ms < before.end_ms + 1:
            yield Finding(Kind.REORDERED, where, f"{after.text!r} ends no later than {before.text!r}", words=1)
    for word in words:
        if not 0 <= word.start_ms <= word.end_ms <= talk.floor_ms + _LONGER_MS:
            yield Finding(Kind.ALTERED, where, f"{word.text!r} at {word.start_ms:.0f}-{word.end_ms:.0f} ms", words=1)


def _finished(talk: Talk) -> Iterator[Finding]:
    where, ends, finals = "audio > recognized", talk.of(Finished), talk.of(Final)
    if not ends:
        yield Finding(Kind.LOST, where, "that the transcript has finished")
        return
    if len(ends) > 1:
        yield Finding(Kind.REPEATED, where, "that the transcript has finished")
    if finals and finals[-1].offset > ends[0].offset:
        yield Finding(Kind.REORDERED, where, f"final {finals[-1].index} came after the end")
    if abs(ends[0].end_ms - talk.floor_ms) > 1:
        yield Finding(Kind.ALTERED, where, f"the transcript ends at {ends[0].end_ms:.0f} ms, not {talk.floor_ms:.0f}")


def _heard(talk: Talk) -> Iterator[Finding]:
    others: list[SpokenWord] = []
    for difference in talk.differences:
        inside = [(word, mark) for word in difference.spoken for mark in talk.missing if _overlap(word, mark)]
        for mark in talk.missing:
            words = [word for word, its in inside if its == mark]
            if words:
                kind = Kind.TOLD if talk.never_came(mark) else Kind.UNHEARD
                yield _finding(kind, words, len(words))
        told = [word for word, _ in inside]
        judged = [word for word in difference.spoken if word not in told and word.end_ms <= talk.floor_ms - _CUT_OFF_MS]
        without = not_stood_for(judged, difference.recognized)
        in_words = max(0, len(judged) - figures([*judged, *difference.recognized]))
        altered = in_words if difference.recognized and difference.unlike else 0
        long = letters_without(judged, difference.recognized) >= _LONG
        if max(without, altered) >= _RUN or (without and long):
            yield _finding(Kind.LOST, judged, max(without, altered))
        elif altered:
            others += judged
    if len(others) >= _UNLIKE:
        yield _finding(Kind.ALTERED, others, len(others))


def _in_place(talk: Talk) -> Iterator[Finding]:
    for same in talk.same:
        for misplaced, run in groupby(same, key=lambda pair: abs(_off_ms(*pair)) > _MISPLACED_MS):
            pairs = list(run)
            if misplaced and len(pairs) >= _RUN:
                words = [spoken for spoken, _ in pairs]
                off_ms = median(_off_ms(*pair) for pair in pairs)
                told = f"{said(words)!r} is {off_ms:.0f} ms from {words[0].start_ms:.0f} ms, where it was spoken"
                yield Finding(Kind.ALTERED, "spoken > recognized", told, words=len(words))


def _off_ms(spoken: SpokenWord, word: Word) -> float:
    return (word.start_ms + word.end_ms - spoken.start_ms - spoken.end_ms) / 2


def _finding(kind: Kind, words: Sequence[SpokenWord], number: int) -> Finding:
    return Finding(kind, "spoken > recognized", f"{said(words)!r} at {words[0].start_ms:.0f} ms", words=number)


def _overlap(word: SpokenWord, mark: tuple[float, float]) -> bool:
    return word.start_ms < mark[1] and mark[0] < word.end_ms


def _made_up(talk: Talk) -> Iterator[Finding]:
    """Words that nobody spoke: those that were recognized before or after, or others. What breaks off may sound so."""
    texts = [plain(word.text) for word in talk.words]
    for difference in talk.differences:
        added, end = difference.not_spoken, difference.place + len(difference.recognized)
        told = f"{said(difference.recognized)!r} at {difference.at_ms:.0f} ms"
        if added and any(_repeats(talk, texts, first, first + added) for first in {difference.place, end - added}):
            yield Finding(Kind.REPEATED, "audio > recognized", told, words=added)
        elif added >= _RUN and difference.at_ms <= talk.floor_ms - _CUT_OFF_MS:
            yield Finding(Kind.ALTERED, "audio > recognized", f"{told} was never said", words=added)


def _repeats(talk: Talk, texts: list[str], first: int, end: int) -> bool:
    """These words, or each of several that are the same, stand elsewhere near them; or a long word beside itself."""
    run = texts[first:end]
    size = next(size for size in range(1, len(run) + 1) if run == (run[:size] * len(run))[: len(run)])
    if texts[first - size : first] == run[:size] or texts[end : end + size] == run[:size]:
        return size > 1 or len(run[0]) >= _LONG
    return size > 1 and any(
        texts[place : place + size] == run[:size]
        and abs(talk.words[place].start_ms - talk.words[first].start_ms) <= _AGAIN_MS
        for place in (*range(first - size + 1), *range(end, len(texts)))
    )
