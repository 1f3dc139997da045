"""Every millisecond of floor audio: how far it came, in each language and to each listener."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.faults.auditor import checks
from tests.faults.auditor.alignment import Difference
from tests.faults.auditor.checks.floor import resent
from tests.faults.auditor.evidence import (
    SAMPLES_PER_MS,
    Acknowledged,
    AnyLine,
    Captured,
    Dropped,
    Fetched,
    Frame,
    Played,
    SpokenWord,
    ToldCaption,
)
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.spans import Spans
from tests.faults.auditor.talk import Talk, of_each_session


@dataclass
class Account:
    """What came of one session."""

    session: str
    findings: list[Finding]
    spoken_words: int
    """Of the reference transcript."""
    recognized_words: int
    resent_frames: int
    missing_ms: float
    """Of the floor, marked as missing."""
    stages_ms: dict[str, float]
    """Milliseconds of the floor that came so far; from ``recognized`` on only those in which somebody speaks."""
    caption_lags_ms: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """By listener, of each new caption: when it came, and how long after the last sample of its span was captured."""
    differences: Sequence[Difference] = ()
    """Where what was recognized differs from what was spoken."""

    def count(self, kind: Kind) -> int:
        """How many findings of this kind, or of one that says more."""
        return sum(kind in (finding.kind, finding.kind.broader) for finding in self.findings)

    @property
    def words_not_recognized(self) -> int:
        """Of those that were spoken, whether a recognizer erred or they were lost; told or not."""
        return sum(difference.not_recognized for difference in self.differences)

    @property
    def words_not_spoken(self) -> int:
        """Of those that were recognized."""
        return sum(difference.not_spoken for difference in self.differences)

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, repeated, out of order or altered without anybody being told. It may be late."""
        return all(finding.kind.broader in (Kind.TOLD, Kind.LATE) for finding in self.findings)

    def __str__(self) -> str:
        lags = [lag for of_one in self.caption_lags_ms.values() for _, lag in of_one]
        head = f"{self.session}: {self.spoken_words} words spoken, {self.recognized_words} recognized"
        if lags:
            head += f"; captions {median(lags) / 1000:.1f} s after the word, at most {max(lags) / 1000:.1f}"
        if self.differences:
            head += f"; {self.words_not_recognized} words not recognized, {self.words_not_spoken} not spoken"
        stages = [f"  {stage:<28}{ms:>9.0f} ms" for stage, ms in self.stages_ms.items()]
        return "\n".join([head, *stages, *(f"  {line}" for line in (*self.differences, *self.findings))])


def audit(lines: Iterable[AnyLine]) -> list[Account]:
    """One account for each session that somebody spoke in."""
    return [_account(talk) for talk in of_each_session(lines)]


def _account(talk: Talk) -> Account:
    return Account(
        session=talk.session,
        findings=[finding for check in checks.ALL for finding in check(talk)],
        spoken_words=len(talk.of(SpokenWord)),
        recognized_words=len(talk.words),
        differences=talk.differences,
        resent_frames=resent(talk),
        missing_ms=sum(end_ms - start_ms for start_ms, end_ms in talk.missing),
        stages_ms=_stages(talk),
        caption_lags_ms={
            listener: _lags(talk, [line for line in seen if isinstance(line, ToldCaption)])
            for language in talk.languages
            for listener, seen in talk.listeners(language).items()
        },
    )


def _stages(talk: Talk) -> dict[str, float]:
    reached = max((ack.seq for ack in talk.of(Acknowledged)), default=-1)
    captured = talk.of(Captured)
    recognized = Spans((word.start_ms, word.end_ms) for word in talk.words)
    stages = {
        "spoken into the microphone": _of_frames([*captured, *talk.of(Dropped)]),
        "captured": _of_frames(captured),
        "acknowledged": _of_frames([frame for frame in captured if frame.seq <= reached]),
        "audio": _of_frames(talk.frames),
        "recognized": recognized.total_ms,
    }
    clips = talk.clips
    for language in talk.languages:
        spans = {caption.index: (caption.start_ms, caption.end_ms) for caption in talk.captions(language)}
        speeches = talk.speeches(language)

        def rendered(indexes: Iterable[int], spans: dict[int, tuple[float, float]] = spans) -> float:
            covered = Spans(spans[index] for index in indexes if index in spans)
            return recognized.total_ms - recognized.without(covered).total_ms

        good = [caption.index for caption in talk.captions(language) if not caption.failed]
        stages[f"{language}: translated"] = rendered(good)
        stages[f"{language}: spoken"] = rendered(speech.index for speech in speeches if speech.key)
        stages[f"{language}: stored"] = rendered(speech.index for speech in speeches if speech.key in clips)
        for listener, seen in talk.listeners(language).items():
            stages[f"{listener}: announced"] = rendered(one.index for one in seen if isinstance(one, ToldCaption))
            stages[f"{listener}: fetched"] = rendered(
                one.index for one in seen if isinstance(one, Fetched) and one.digest
            )
            stages[f"{listener}: played"] = rendered(one.index for one in seen if isinstance(one, Played))
    return stages


def _of_frames(frames: Sequence[Captured | Dropped | Frame]) -> float:
    """Milliseconds that they cover, each once."""
    covered = Spans((frame.first_sample, frame.first_sample + frame.samples) for frame in frames)
    return covered.total_ms / SAMPLES_PER_MS


def _lags(talk: Talk, captions: Sequence[ToldCaption]) -> list[tuple[float, float]]:
    seen: set[int] = set()
    lags: list[tuple[float, float]] = []
    for caption in captions:
        if caption.index not in seen:
            seen.add(caption.index)
            lags.append((caption.at_ms, talk.lag_ms(caption.end_ms, caption.at_ms)))
    return lags
