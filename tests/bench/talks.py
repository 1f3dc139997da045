"""``python -m tests.bench.talks``: what ``make bench`` measured of the talks, into ``docs/performance.md``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.cli.commands.bench import Figures
from services.cli.commands.demo import SHIPPED
from services.cli.evaluation.report import Report, Spread
from services.common import stages
from services.common.languages import LANGUAGES
from tests.bench.page import DOCS, fill, table

_FAST = "en-rosehill-dictation"


def main(
    figures: Annotated[Path, typer.Argument(help="What make bench left.", exists=True)] = Path("out/bench.json"),
) -> None:
    """Write the tables."""
    measured, page = msgspec.json.decode(figures.read_bytes(), type=Figures), DOCS / "performance.md"
    fast_talk = next((report for report in measured.reports if report.recording == _FAST), None)
    if fast_talk is None:
        raise typer.BadParameter(f"{figures} has no {_FAST}: it is of a quick bench")
    fill(page, "ordinary", ordinary(measured))
    fill(page, "stages", by_stage(measured))
    fill(page, "fast", fast(fast_talk))
    fill(page, "machine-use", machine_use(measured.ordinary))


def ordinary(measured: Figures) -> str:
    """A row for each talk, and one for all of them."""
    whole = measured.ordinary
    named = whole.recording.split(", ")
    codes = ", ".join(whole.languages)
    columns = ["recording", "words a minute", "WER", *(f"{lag} {codes}" for lag in ("heard lag", "lag", "caption lag"))]
    rows = [
        [report.recording, f"{_words_a_minute(report):.0f}", *_cells(report)]
        for report in measured.reports
        if report.recording in named
    ]
    rows.append(["**all**", "", *(f"**{cell}**" for cell in _cells(whole))])
    told = f"Seconds, median / 95 %, {_languages(whole)} at once; {whole.duration_s:.0f} s of speech"
    spans = ", ".join(f"{_s(one.ear_voice_span_ms)} ({code})" for code, one in whole.languages.items())
    more = f"Ear-voice span {spans}. Word delay {_s(whole.word_delay_ms)}."
    made = table([*columns, f"BLEU as said {codes}", "lost, repeated"], rows)
    return f"{told}, {measured.taken_at[:10]}.\n\n{made}\n\n{more}"


def _cells(report: Report) -> list[str]:
    heard = report.languages.values()
    return [
        _percent(report.wer),
        ", ".join(_s(one.heard_lag_ms) for one in heard),
        ", ".join(_s(one.lag_ms) for one in heard),
        ", ".join(_s(one.caption_lag_ms) for one in heard),
        ", ".join(f"{one.bleu:.1f}" for one in heard if one.bleu is not None),
        f"{sum(one.lost for one in heard)}, {sum(one.repeated for one in heard)}",
    ]


def by_stage(measured: Figures) -> str:
    """A row for each stage, and the sum of our own."""
    whole = measured.ordinary
    rows = [
        [f"{stage.replace('_', ' ')}{' *' if stage in stages.OWN else ''}", *map(_ms, (took.p50, took.p95, took.p99))]
        for stage, took in whole.stages_ms.items()
    ]
    by_talk = ", ".join(_ms(report.own_overhead_ms.p50) for report in measured.reports)
    return (
        f"Milliseconds of each segment, the ordinary talks (* own overhead).\n\n"
        f"{table(['stage', 'p50', 'p95', 'p99'], rows)}\n\n"
        f"Own overhead of a segment: {_ms(whole.own_overhead_ms.p50)} ms p50, {_ms(whole.own_overhead_ms.p99)} ms p99 "
        f"(p50 by talk {by_talk}), where a plain hop through Kafka took {measured.plain_hop_ms.p50:.1f} ms p50."
    )


def fast(report: Report) -> str:
    """The talk that is quicker than the voices."""
    heard = report.languages
    lags = ", ".join(f"{_s(one.heard_lag_ms)} ({code})" for code, one in heard.items())
    bleu = ", ".join(f"{one.bleu:.1f}" for one in heard.values() if one.bleu is not None)
    failed = sum(one.lost + one.repeated for one in heard.values())
    return (
        f"{report.recording}, {_words_a_minute(report):.0f} words a minute: heard lag {lags}; lag "
        f"{', '.join(_s(one.lag_ms) for one in heard.values())}; WER {_percent(report.wer)}; "
        f"BLEU as said {bleu}; {failed or 'nothing'} lost or repeated."
    )


def machine_use(whole: Report) -> str:
    """A row for each process."""
    rows = [
        [name, f"{use.rss_mb:.0f}", f"{use.engines_rss_mb:.0f}" if use.engines_rss_mb else "", f"{use.cpu_s:.1f}"]
        for name, use in whole.services.items()
    ]
    columns = ["process", "resident MB", "its engines' MB", f"CPU s of {whole.duration_s:.0f} s"]
    return (
        f"The ordinary talks, {_languages(whole)}:\n\n{table(columns, rows)}\n\n"
        f"{whole.cpu_cores:.2f} cores without the broker."
    )


def _words_a_minute(report: Report) -> float:
    words = (SHIPPED.parent / f"{report.recording}.txt").read_text(encoding="utf-8").split()
    return 60 * len(words) / report.duration_s


def _languages(report: Report) -> str:
    return " and ".join(LANGUAGES[code].name for code in report.languages)


def _s(spread: Spread) -> str:
    return " / ".join("–" if value is None else f"{value / 1000:.1f}" for value in (spread.p50, spread.p95))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


if __name__ == "__main__":
    typer.run(main)
