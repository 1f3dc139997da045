"""A report as tables in the terminal, each figure beside what it has to reach."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.cli.evaluation.report import LanguageReport, Report, Spread
from services.cli.evaluation.verdicts import Verdict, verdicts
from services.common.languages import LANGUAGES
from services.common.stages import OWN


def show(console: Console, report: Report) -> None:
    """Print all of it."""
    found = verdicts(report)
    marks = {(verdict.threshold.path, verdict.language): verdict for verdict in found}
    console.print(f"\n[bold]{escape(report.recording)}[/]  {report.duration_s:.0f} s", highlight=False)
    for part in (_languages(report, marks), _stages(report), _services(report, marks), _line(report, marks)):
        console.print()
        console.print(part)
    missed = [verdict for verdict in found if not verdict.met]
    if missed:
        console.print(
            "\n[yellow]missed[/], of what talks like the shipped ones reach together\n        "
            + "\n        ".join(map(describe, missed)),
            highlight=False,
        )


def describe(verdict: Verdict) -> str:
    """``pt lag p95 4000 > 3300``."""
    threshold = verdict.threshold
    figure = f"{threshold.label} {verdict.value:g} {'<' if threshold.at_least else '>'} {threshold.limit:g}"
    return f"{verdict.language} {figure}" if verdict.language else figure


_MINUTES_WORTH_A_ROW = 4
_Marks = dict[tuple[str, str | None], Verdict]


def _languages(report: Report, marks: _Marks) -> Table:
    table = Table(box=None, header_style="dim")
    table.add_column("s, p50 / p95")
    codes = list(report.languages)
    for code in codes:
        table.add_column(LANGUAGES[code].name, justify="right")
    rows: list[tuple[str, str]] = [
        ("heard lag", "heard_lag_ms"),
        ("lag", "lag_ms"),
        ("ear-voice span", "ear_voice_span_ms"),
        ("caption lag", "caption_lag_ms"),
    ]
    for label, name in rows:
        table.add_row(label, *(_spread(marks, code, name, getattr(report.languages[code], name)) for code in codes))
    table.add_row("segments", *(str(report.languages[code].segments) for code in codes))
    table.add_row("lost, repeated", *(_account(marks, code, report.languages[code]) for code in codes))
    minutes = max((len(report.languages[code].heard_lag_by_minute_ms) for code in codes), default=0)
    for minute in range(minutes if minutes > _MINUTES_WORTH_A_ROW else 0):
        table.add_row(f"heard, minute {minute + 1}", *(_of_minute(report.languages[code], minute) for code in codes))
    if any(report.languages[code].bleu is not None for code in codes):
        table.add_row("BLEU / chrF", *(_bleu(marks, code, report.languages[code]) for code in codes))
    if any(report.languages[code].bleu_human is not None for code in codes):
        table.add_row(
            "against a person's",
            *(_pair(report.languages[code].bleu_human, report.languages[code].chrf_human) for code in codes),
        )
    return table


def _stages(report: Report) -> Table:
    table = Table(box=None, header_style="dim")
    for column in ("ms of each segment (* own)", "p50", "p95", "p99"):
        table.add_column(column, justify="right" if column.startswith("p") else "left")
    for stage, spread in report.stages_ms.items():
        name = stage.replace("_", " ") + (" *" if stage in OWN else "")
        table.add_row(name, *(_ms(value) for value in (spread.p50, spread.p95, spread.p99)))
    return table


def _services(report: Report, marks: _Marks) -> Table:
    table = Table(box=None, header_style="dim")
    for column in ("service", "resident MB", "engines' MB", "CPU s"):
        table.add_column(column, justify="left" if column == "service" else "right")
    for name, service in report.services.items():
        resident = Text(f"{service.rss_mb:.0f}", style=_style(marks, f"services.{name}.rss_mb", None))
        engines = f"{service.engines_rss_mb:.0f}" if service.engines_rss_mb else ""
        table.add_row(name, resident, engines, f"{service.cpu_s:.1f}")
    return table


def _line(report: Report, marks: _Marks) -> Text:
    text = Text()
    own, delay = report.own_overhead_ms, report.word_delay_ms
    if report.wer is not None:
        text.append(f"word error rate {report.wer:.1%}", style=_style(marks, "wer", None)).append("   ")
    text.append(f"word delay {_seconds(delay.p50)} / {_seconds(delay.p95)} s   ")
    text.append(f"own overhead p50 {_ms(own.p50)}", style=_style(marks, "own_overhead_ms.p50", None)).append(" / ")
    text.append(f"p99 {_ms(own.p99)} ms", style=_style(marks, "own_overhead_ms.p99", None))
    if report.cpu_cores is not None:
        text.append("   ").append(f"{report.cpu_cores:.2f} cores", style=_style(marks, "cpu_cores", None))
    return text


def _spread(marks: _Marks, code: str, name: str, spread: Spread) -> Text:
    text = Text()
    if spread.p50 is None:
        return text.append("-")
    text.append(_seconds(spread.p50), style=_style(marks, f"languages.*.{name}.p50", code)).append(" / ")
    return text.append(_seconds(spread.p95), style=_style(marks, f"languages.*.{name}.p95", code))


def _account(marks: _Marks, code: str, language: LanguageReport) -> Text:
    return Text.assemble(
        (str(language.lost), _style(marks, "languages.*.lost", code)),
        ", ",
        (str(language.repeated), _style(marks, "languages.*.repeated", code)),
    )


def _of_minute(language: LanguageReport, minute: int) -> str:
    by_minute = language.heard_lag_by_minute_ms
    return _seconds(by_minute[minute]) if minute < len(by_minute) else ""


def _bleu(marks: _Marks, code: str, language: LanguageReport) -> Text:
    return Text(_pair(language.bleu, language.chrf), style=_style(marks, "languages.*.bleu", code))


def _pair(bleu: float | None, chrf: float | None) -> str:
    return "-" if bleu is None else f"{bleu:.1f} / {chrf:.1f}"


def _style(marks: _Marks, path: str, language: str | None) -> str:
    verdict = marks.get((path, language))
    if verdict is None:
        return ""
    return "green" if verdict.met else "bold red"


def _seconds(ms: float | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.1f}"


def _ms(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.0f}"


def summary_table(reports: Sequence[Report]) -> Table:
    """A row for each recording and language; lags in seconds, p50 / p95."""
    table = Table(box=None, header_style="dim", padding=(0, 1))
    table.add_column("recording", no_wrap=True)
    table.add_column("")
    for column in ("WER", "heard lag", "lag", "captions", "lost", "twice", "BLEU"):
        table.add_column(column, justify="right", no_wrap=True)
    for report in reports:
        for code, of in report.languages.items():
            table.add_row(
                report.recording,
                code,
                "-" if report.wer is None else f"{report.wer:.1%}",
                *(f"{_seconds(s.p50)} / {_seconds(s.p95)}" for s in (of.heard_lag_ms, of.lag_ms, of.caption_lag_ms)),
                str(of.lost),
                str(of.repeated),
                "-" if of.bleu is None else f"{of.bleu:.1f}",
            )
    return table
