"""What can't be saved: said once in the transcript and once in each language, with its length, and only where it is so.

That each listener was told so is checked with all other captions.
"""

from collections.abc import Iterator

from tests.faults.auditor.evidence import Final
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk

_EXACT_MS = 1.0


def check(talk: Talk) -> Iterator[Finding]:
    """What is wrong with the marks."""
    where = "spoken > missing"
    marks = talk.missing
    yield from _in_place(talk)
    for place, mark in enumerate(marks):
        if mark in marks[:place]:
            yield Finding(Kind.REPEATED, where, _span(*mark))
        elif not talk.never_came(mark):
            kind = Kind.ALTERED if _was_recognized(talk, mark) else Kind.UNHEARD
            yield Finding(kind, where, f"{_span(*mark)} was captured")
    for language in talk.languages:
        told = [one for one in talk.captions(language) if one.missing_ms]
        for mark in marks:
            those = [one for one in told if abs(one.end_ms - mark[1]) < _EXACT_MS]
            if not those:
                yield Finding(Kind.LOST, f"{language}: missing > told", _span(*mark))
            elif len(those) > 1:
                yield Finding(Kind.REPEATED, f"{language}: missing > told", _span(*mark))
        for one in told:
            as_told = (one.start_ms, one.start_ms + one.missing_ms)
            exact = any(
                abs(as_told[0] - start) < _EXACT_MS and abs(as_told[1] - end) < _EXACT_MS for start, end in marks
            )
            if not exact or one.text or not one.failed:
                yield Finding(Kind.ALTERED, f"{language}: missing > told", f"caption {one.index}: {_span(*as_told)}")


def _in_place(talk: Talk) -> Iterator[Finding]:
    """A mark comes after what was said before, and before what was said after."""
    finals = talk.of(Final)
    for place, final in enumerate(finals):
        if final.missing is not None:
            before = [word for one in finals[:place] for word in one.words]
            after = [word for one in finals[place + 1 :] for word in one.words]
            if (before and before[-1].end_ms > final.missing[1]) or (after and after[0].end_ms < final.missing[0]):
                yield Finding(Kind.REORDERED, "spoken > missing", f"{_span(*final.missing)} stands elsewhere")
    for language in talk.languages:
        captions = talk.captions(language)
        for place, caption in enumerate(captions):
            early = any(one.start_ms > caption.end_ms for one in captions[:place])
            late = any(one.end_ms < caption.start_ms for one in captions[place + 1 :])
            if caption.missing_ms and (early or late):
                yield Finding(
                    Kind.REORDERED, f"{language}: missing > told", f"caption {caption.index} stands elsewhere"
                )


def _was_recognized(talk: Talk, mark: tuple[float, float]) -> bool:
    return any(mark[0] < (word.start_ms + word.end_ms) / 2 < mark[1] for word in talk.words)


def _span(start_ms: float, end_ms: float) -> str:
    return f"{end_ms - start_ms:.0f} ms at {start_ms:.0f} ms"
