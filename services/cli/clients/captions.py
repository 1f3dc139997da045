"""Captions as files: SRT, VTT and plain text, timed on the talk's own time line.

``frontend/src/shared/formats.ts`` writes the same; ``tests/data/captions/cases.json`` holds both to it.
"""

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.cli.clients.notices import CaptionNotice
from services.common.writing import CLAUSE_MARKS, SENTENCE_MARKS, is_spaced

LINE_LENGTH = 42
LINES_PER_CUE = 2
_SENTENCE_ENDS = re.compile(r"(?<=[.?!…؟।]) +")
_SPACES = re.compile(r"[\t\n\v\f\r ]+")
SHORTEST_CUE_MS = 1000.0
"""A shorter cue stays until then where the next one leaves room."""


@dataclass(frozen=True)
class Cue:
    """Text and when it shows, in ms of the talk."""

    start_ms: float
    end_ms: float
    text: str


def cues(captions: Iterable[CaptionNotice], last_mark: str = "") -> list[Cue]:
    """One cue per segment that has text, with the mark that a later segment, or the end, decided. One that stands for
    what is missing of the talk says how much."""
    texts: list[Cue] = []
    last = -1
    for caption in captions:
        _mark(texts, last, caption.previous_mark)
        if caption.missing_ms:
            tenths = math.ceil(caption.missing_ms / 100)
            texts.append(Cue(caption.start_ms, caption.end_ms, f"[— {tenths / 10:.1f} s —]"))
        elif caption.text.strip():
            last = len(texts)
            texts.append(Cue(caption.start_ms, caption.end_ms, caption.text.strip()))
    _mark(texts, last, last_mark)
    return texts


def _mark(texts: list[Cue], last: int, mark: str | None) -> None:
    """Give the last cue that has words the mark that it turned out to end with."""
    if mark and last >= 0:
        texts[last] = replace(texts[last], text=with_mark(texts[last].text, mark))


def with_mark(text: str, mark: str) -> str:
    """Text that turned out to end its sentence: a comma or colon gives way to the mark."""
    return text if text.endswith(tuple(SENTENCE_MARKS)) else text.rstrip("".join(CLAUSE_MARKS) + " ") + mark


def displayed(cues: Sequence[Cue]) -> list[Cue]:
    """Cues as they fit a screen: at most two lines of 42 characters, long enough to be read, no overlap."""
    fitted = [part for cue in cues for part in _split(cue)]
    following = [*(cue.start_ms for cue in fitted[1:]), float("inf")]
    return [
        replace(cue, end_ms=min(max(cue.end_ms, cue.start_ms + SHORTEST_CUE_MS), until))
        for cue, until in zip(fitted, following, strict=False)
    ]


def _split(cue: Cue) -> list[Cue]:
    lines = textwrap.wrap(_SPACES.sub(" ", cue.text), LINE_LENGTH, break_on_hyphens=False)
    screens = [lines[at : at + LINES_PER_CUE] for at in range(0, len(lines), LINES_PER_CUE)]
    total, said, parts = sum(map(len, lines)), 0, []
    for screen in screens:
        start = cue.start_ms + (cue.end_ms - cue.start_ms) * said / total
        said += sum(map(len, screen))
        end = cue.start_ms + (cue.end_ms - cue.start_ms) * said / total
        parts.append(Cue(start, end, "\n".join(screen)))
    return parts


def srt(cues: Sequence[Cue]) -> str:
    """SubRip. It can't quote the arrow of its times."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{cue.text.replace('-->', '→')}\n\n"
        for number, cue in enumerate(displayed(cues), 1)
    )


def vtt(cues: Sequence[Cue]) -> str:
    """WebVTT."""
    escaped = [replace(cue, text=_escape(cue.text)) for cue in displayed(cues)]
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{cue.text}\n\n" for cue in escaped
    )


def txt(cues: Sequence[Cue], code: str) -> str:
    """Running text in the language of this code, one sentence a line; one caption where no spaces are written."""
    if not is_spaced(code):
        return "\n".join(cue.text for cue in cues) + "\n"
    return _SENTENCE_ENDS.sub("\n", " ".join(cue.text for cue in cues)) + "\n"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(at_ms: float, point: str) -> str:
    seconds, ms = divmod(max(0, round(at_ms)), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms:03}"
