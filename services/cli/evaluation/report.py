"""A talk's report: all figures, as a file for programs and as tables for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from services.cli.evaluation import drift, lag, quality
from services.cli.evaluation.accounting import account
from services.cli.evaluation.lag import ReadFinal, Segment, percentile
from services.cli.evaluation.usage import Usage
from services.common import stages

_BROKER = "kafka"
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class LanguageTalk:
    """What one listener had of a talk."""

    segments: tuple[Segment, ...]
    """In the order of arrival."""
    announced: int | None
    """How many segments there were, as the notifier says."""
    said: str
    """All captions, with their marks."""
    hearing: bool = True
    """Whether speech was wanted."""
    reference: str | None = None
    """The reference transcript, translated sentence by sentence by the same engine."""
    human_reference: str | None = None
    reconnects: int = 0


@dataclass(frozen=True)
class Talk:
    """A recording that went through the system, and all that came out."""

    recording: str
    source: str
    duration_s: float
    transcript: str | None
    """Reference transcript, if there is one."""
    finals: tuple[ReadFinal, ...]
    languages: Mapping[str, LanguageTalk]
    usage: Mapping[str, Usage] = field(default_factory=dict)
    watched_s: float = 0.0
    """How long ``usage`` was measured."""
    lost_frames: int = 0
    loop_s: float | None = None
    """Length of the recording, where it was played again and again."""


class Spread(msgspec.Struct, frozen=True):
    """Milliseconds; None without values."""

    p50: float | None
    p95: float | None
    max: float | None


class StageSpread(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float | None
    p95: float | None
    p99: float | None


class Overhead(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float | None
    p99: float | None


class LanguageReport(msgspec.Struct, frozen=True, kw_only=True):
    """One language's figures; definitions in ``lag.py`` and ``accounting.py``."""

    segments: int
    lost: int
    repeated: int
    out_of_order: int
    missing_segments: int
    unheard_segments: int
    """Announced as spoken, but no speech was heard."""
    heard_lag_ms: Spread
    lag_ms: Spread
    caption_lag_ms: Spread
    ear_voice_span_ms: Spread
    heard_lag_by_minute_ms: list[float | None]
    """Median of each minute of the talk: whether lag grows."""
    bleu: float | None
    """Against the reference transcript's translation by the same engine."""
    chrf: float | None
    bleu_human: float | None
    """Against a person's translation."""
    chrf_human: float | None
    reconnects: int


class ServiceReport(msgspec.Struct, frozen=True):
    """A service's share of the machine."""

    rss_mb: float
    cpu_s: float
    engines_rss_mb: float
    mb_by_minute: list[float] = []
    """Its engines' included, at the end of each minute of a talk; empty for several talks."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``report.json``. Of one talk, or of several together."""

    recording: str
    source: str
    duration_s: float
    wer: float | None
    word_delay_ms: Spread
    languages: dict[str, LanguageReport]
    stages_ms: dict[str, StageSpread]
    own_overhead_ms: Overhead
    cpu_cores: float | None
    """The whole stack without the broker, on average."""
    services: dict[str, ServiceReport]
    lost_frames: int
    transcript: str = ""
    drift_by_minute_ms: list[float | None] = []
    """Of a recording that was played again and again: ``drift.py``."""


def report(talks: Sequence[Talk], name: str | None = None) -> Report:
    """Figures over all these talks together; ``name`` stands for their recordings."""
    delays = [delay for talk in talks for delay in lag.word_delays(talk.finals)]
    codes = list(dict.fromkeys(code for talk in talks for code in talk.languages))
    with_reference = [talk for talk in talks if talk.transcript is not None]
    shares = [
        passed
        for talk in talks
        for language in talk.languages.values()
        for segment in language.segments
        if (passed := lag.stages_of(segment))
    ]
    overheads = [lag.own_overhead(passed) for passed in shares]
    return Report(
        recording=name or ", ".join(talk.recording for talk in talks),
        source=talks[0].source,
        duration_s=round(sum(talk.duration_s for talk in talks), 2),
        wer=quality.word_error_rate(
            [talk.transcript or "" for talk in with_reference], [heard_text(talk.finals) for talk in with_reference]
        ),
        word_delay_ms=_spread(delays),
        languages={code: _language([talk for talk in talks if code in talk.languages], code) for code in codes},
        stages_ms={
            stage: _stage([passed[stage] for passed in shares if stage in passed])
            for stage in stages.ALL
            if any(stage in passed for passed in shares)
        },
        own_overhead_ms=Overhead(percentile(overheads, 50), percentile(overheads, 99)),
        cpu_cores=_cores(talks),
        services=_services(talks),
        lost_frames=sum(talk.lost_frames for talk in talks),
        transcript="\n".join(heard_text(talk.finals) for talk in talks),
        drift_by_minute_ms=_drift(*talks) if len(talks) == 1 else [],
    )


def _drift(talk: Talk) -> list[float | None]:
    return drift.by_minute(lag.words_of(talk.finals), talk.loop_s * 1000) if talk.loop_s else []


def heard_text(finals: Sequence[ReadFinal]) -> str:
    """The transcript."""
    return " ".join(word.text for word in lag.words_of(finals))


def _language(talks: Sequence[Talk], code: str) -> LanguageReport:
    heard = [(talk, talk.languages[code]) for talk in talks]
    segments = [segment for _, language in heard for segment in language.segments]
    accounts = [
        account(lag.words_of(talk.finals), [segment.caption for segment in language.segments], language.announced)
        for talk, language in heard
    ]
    bleu, chrf = _scores([(language.said, language.reference) for _, language in heard])
    bleu_human, chrf_human = _scores([(language.said, language.human_reference) for _, language in heard])
    return LanguageReport(
        segments=len(segments),
        lost=sum(found.lost for found in accounts),
        repeated=sum(found.repeated for found in accounts),
        out_of_order=sum(found.out_of_order for found in accounts),
        missing_segments=sum(found.missing_segments for found in accounts),
        unheard_segments=sum(
            segment.caption.spoken and segment.played is None
            for _, language in heard
            if language.hearing
            for segment in language.segments
        ),
        heard_lag_ms=_spread(
            [value for talk, of in heard for value in lag.heard_lags(of.segments, lag.words_of(talk.finals))]
        ),
        lag_ms=_spread(lag.lags(segments)),
        caption_lag_ms=_spread(lag.caption_lags(segments)),
        ear_voice_span_ms=_spread(lag.ear_voice_spans(segments)),
        heard_lag_by_minute_ms=_by_minute(*heard[0]) if len(heard) == 1 else [],
        bleu=bleu,
        chrf=chrf,
        bleu_human=bleu_human,
        chrf_human=chrf_human,
        reconnects=sum(language.reconnects for _, language in heard),
    )


def _by_minute(talk: Talk, language: LanguageTalk) -> list[float | None]:
    words = lag.words_of(talk.finals)
    minutes = int(max((segment.caption.end_ms for segment in language.segments), default=0) // _MINUTE_MS) + 1
    by_minute: list[list[Segment]] = [[] for _ in range(minutes)]
    for segment in language.segments:
        by_minute[int(segment.caption.end_ms // _MINUTE_MS)].append(segment)
    return [percentile(lag.heard_lags(segments, words), 50) for segments in by_minute]


def _scores(pairs: Sequence[tuple[str, str | None]]) -> tuple[float | None, float | None]:
    known = [(said, reference) for said, reference in pairs if reference]
    if not known:
        return None, None
    return quality.bleu_and_chrf([said for said, _ in known], [reference for _, reference in known])


def _services(talks: Sequence[Talk]) -> dict[str, ServiceReport]:
    names = dict.fromkeys(name for talk in talks for name in talk.usage)
    used = {name: [talk.usage[name] for talk in talks if name in talk.usage] for name in names}
    return {
        name: ServiceReport(
            rss_mb=round(max(usage.rss_mb for usage in of), 1),
            cpu_s=round(sum(usage.cpu_s for usage in of), 2),
            engines_rss_mb=round(max(usage.engines_rss_mb for usage in of), 1),
            mb_by_minute=[round(mb, 1) for mb in of[0].mb_by_minute] if len(of) == 1 else [],
        )
        for name, of in used.items()
    }


def _cores(talks: Sequence[Talk]) -> float | None:
    watched_s = sum(talk.watched_s for talk in talks)
    if not watched_s:
        return None
    cpu_s = sum(usage.cpu_s for talk in talks for name, usage in talk.usage.items() if name != _BROKER)
    return round(cpu_s / watched_s, 3)


def _spread(values: Sequence[float]) -> Spread:
    return Spread(percentile(values, 50), percentile(values, 95), percentile(values, 100))


def _stage(values: Sequence[float]) -> StageSpread:
    return StageSpread(percentile(values, 50), percentile(values, 95), percentile(values, 99))
