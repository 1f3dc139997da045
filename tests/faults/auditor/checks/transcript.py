"""Recognized: finals once, in order; words that follow each other; what was spoken is in them, once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.faults.auditor.checks.sequence import gapless
from tests.faults.auditor.evidence import Final, Finished, SpokenWord, Word
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk

_NEAR_MS = 600.0
"""A recognizer places words so far from where they were."""
_UNHEARD_WORDS = 4
"""A recognizer misses a word or two; so many in a row are lost."""
_PHRASE = 5
"""Words that nobody says twice within ``_AGAIN_MS`` without meaning to."""
_AGAIN_MS = 15_000.0
_LONGER_MS = 600.0
"""A word may seem to last so much longer than the audio."""


def plain(text: str) -> str:
    """A word without case and marks."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def check(talk: Talk) -> Iterator[Finding]:
    """What is wrong between ``audio`` and ``transcripts``."""
    yield from gapless("audio > recognized", "final", [final.index for final in talk.of(Final)])
    yield from _in_time(talk)
    yield from _finished(talk)
    yield from _heard(talk)
    yield from _said_twice(talk)


def unheard(spoken: Sequence[SpokenWord], words: Sequence[Word]) -> list[list[SpokenWord]]:
    """Runs of spoken words near which nothing was recognized."""
    runs: list[list[SpokenWord]] = [[]]
    for word in spoken:
        if any(found.start_ms < word.end_ms + _NEAR_MS and found.end_ms > word.start_ms - _NEAR_MS for found in words):
            runs.append([])
        else:
            runs[-1].append(word)
    return [run for run in runs if len(run) >= _UNHEARD_WORDS]


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
    for run in unheard(talk.of(SpokenWord), talk.words):
        said = " ".join(word.text for word in run)
        missing = any(
            start - _NEAR_MS < run[0].end_ms and run[-1].start_ms < end + _NEAR_MS for start, end in talk.missing
        )
        kind = Kind.TOLD if missing else Kind.LOST
        yield Finding(kind, "spoken > recognized", f"{said!r} at {run[0].start_ms:.0f} ms", words=len(run))


def _said_twice(talk: Talk) -> Iterator[Finding]:
    """The same words again soon after, by other times, oftener than they were spoken."""
    words = talk.words
    spoken = Counter(_phrases([word.text for word in talk.of(SpokenWord)]))
    phrases = list(_phrases([word.text for word in words]))
    last: dict[tuple[str, ...], int] = {}
    for position, phrase in enumerate(phrases):
        before = last.get(phrase)
        last[phrase] = position
        if before is None or words[position].start_ms - words[before].start_ms > _AGAIN_MS:
            continue
        if phrases[: position + 1].count(phrase) > max(1, spoken[phrase]):
            yield Finding(Kind.REPEATED, "audio > recognized", f"{' '.join(phrase)!r}", words=1)


def _phrases(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    said = [plain(text) for text in texts]
    for first in range(len(said) - _PHRASE + 1):
        yield tuple(said[first : first + _PHRASE])
