"""The evidence of one session, arranged."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TypeVar, cast

from tests.faults.auditor.alignment import Difference, Same, differences, same
from tests.faults.auditor.evidence import (
    SAMPLES_PER_MS,
    AnyLine,
    Caption,
    Captured,
    Clip,
    Final,
    Frame,
    Joined,
    LaneFinished,
    Line,
    Listened,
    Record,
    Speech,
    SpokenWord,
    Word,
)

_EXACT_MS = 1.0

L = TypeVar("L", bound=Line)
R = TypeVar("R", bound=Record)


class Talk:
    """Ask it for lines of a kind: records in the order of their offsets, the rest as they were written."""

    def __init__(self, session: str, lines: Sequence[AnyLine]) -> None:
        self.session = session
        self._lines = lines
        self._of: dict[type[Line], Sequence[Line]] = {}

    def of(self, kind: type[L]) -> list[L]:
        """All lines of this kind."""
        if kind not in self._of:
            found = [line for line in self._lines if isinstance(line, kind)]
            self._of[kind] = sorted(found, key=lambda line: line.offset if isinstance(line, Record) else 0)
        return cast(list[L], self._of[kind])

    @property
    def floor_ms(self) -> float:
        """Length of what was captured."""
        return max((_end_ms(frame) for frame in self.of(Captured)), default=0.0)

    @property
    def frames(self) -> list[Frame]:
        """Without marks."""
        return [frame for frame in self.of(Frame) if frame.mark is None]

    @property
    def words(self) -> list[Word]:
        return [word for final in self.of(Final) for word in final.words]

    @property
    def missing(self) -> list[tuple[float, float]]:
        """What the transcript says is missing."""
        return [final.missing for final in self.of(Final) if final.missing is not None]

    @cached_property
    def differences(self) -> list[Difference]:
        """Between what was spoken and what was recognized."""
        return differences(self.of(SpokenWord), self.words)

    @cached_property
    def same(self) -> list[Same]:
        """What was recognized as it was spoken."""
        return same(self.of(SpokenWord), self.words)

    def never_came(self, mark: tuple[float, float]) -> bool:
        """Whether exactly this was not captured, or died with the speaker's machine."""
        holes = [(first / SAMPLES_PER_MS, last / SAMPLES_PER_MS) for first, last in gaps(self.of(Captured))]
        return any(abs(mark[0] - start) < _EXACT_MS and abs(mark[1] - end) < _EXACT_MS for start, end in holes)

    def is_told_missing(self, start_ms: float, end_ms: float) -> bool:
        """Whether the transcript says so of all of this, and of no more."""
        return any(abs(start - start_ms) < _EXACT_MS and abs(end - end_ms) < _EXACT_MS for start, end in self.missing)

    @property
    def languages(self) -> list[str]:
        """Those that anybody asked for, or that were translated."""
        asked = {joined.language for joined in self.of(Joined)}
        return sorted(asked | {caption.language for caption in self.of(Caption)})

    def captions(self, language: str) -> list[Caption]:
        return [caption for caption in self.of(Caption) if caption.language == language]

    def speeches(self, language: str) -> list[Speech]:
        return [speech for speech in self.of(Speech) if speech.language == language]

    def ends(self, language: str) -> list[LaneFinished]:
        return [end for end in self.of(LaneFinished) if end.language == language]

    @property
    def clips(self) -> dict[str, Clip]:
        """By key."""
        return {clip.key: clip for clip in self.of(Clip)}

    def listeners(self, language: str) -> dict[str, list[Listened]]:
        """What each of a language saw."""
        seen: dict[str, list[Listened]] = {}
        for line in self._lines:
            if isinstance(line, Listened) and line.language == language:
                seen.setdefault(line.listener, []).append(line)
        return seen

    def captured_at_ms(self, floor_ms: float) -> float:
        """When this millisecond of the floor left the microphone, by the wall clock."""
        for frame in self.of(Captured):
            if floor_ms <= _end_ms(frame):
                return frame.at_ms - (_end_ms(frame) - floor_ms)
        raise ValueError(f"nothing was captured at {floor_ms} ms")

    def lag_ms(self, floor_ms: float, at_ms: float) -> float:
        """How long after this millisecond of the floor, or its end, a moment was."""
        return at_ms - self.captured_at_ms(min(floor_ms, self.floor_ms))


def of_each_session(lines: Iterable[AnyLine]) -> list[Talk]:
    """One talk for each session that somebody spoke in."""
    by_session: dict[str, list[AnyLine]] = {}
    for line in lines:
        by_session.setdefault(line.session, []).append(line)
    talks = [Talk(session, of_it) for session, of_it in by_session.items()]
    return [talk for talk in talks if talk.of(Captured)]


def gaps(frames: Sequence[Captured]) -> list[tuple[int, int]]:
    """Samples, first and after the last, that are in no frame."""
    return [
        (before.first_sample + before.samples, after.first_sample)
        for before, after in pairwise(frames)
        if after.first_sample > before.first_sample + before.samples
    ]


def _end_ms(frame: Captured) -> float:
    return (frame.first_sample + frame.samples) / SAMPLES_PER_MS
