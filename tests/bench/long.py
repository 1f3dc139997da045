"""``python -m tests.bench.long``: one talk for hours: lag and memory minute by minute, and whether the clock drifts."""

import asyncio
import os
import platform as machine
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli.commands.demo import SHIPPED
from services.cli.commands.evaluate import evaluate_with
from services.cli.evaluation.report import Report
from services.cli.presentation import minutes
from services.cli.stack.system import ready_system
from services.common.languages import LANGUAGES
from tests.bench.page import DOCS, fill, table

_TOLD = (1, 2, 5, 10, 30, 60, 90, 120)
"""Minutes that have a column."""


def bench(
    length: Annotated[float, typer.Option("--minutes", help="How long.")] = 120.0,
    talk: Annotated[Path, typer.Option(help="The recording.", exists=True)] = SHIPPED,
    out: Annotated[Path, typer.Option(help="Where the folder with the report is made.")] = Path("out"),
    docs: Annotated[bool, typer.Option("--docs", help="Write figures and picture into docs/ too.")] = False,
) -> None:
    """Give it, and write the table."""
    found, place = asyncio.run(_give(length, talk, out))
    text = report(found)
    (place / "minutes.md").write_text(text + "\n", encoding="utf-8")
    Console().print(text, highlight=False)
    if docs:
        (DOCS / "two-hours.svg").write_text(minutes.picture(found), encoding="utf-8")
        fill(DOCS / "performance.md", "two-hours", f"{text}\n\n![Lag, memory and drift by the minute](two-hours.svg)")


async def _give(length: float, talk: Path, out: Path) -> tuple[Report, Path]:
    console = Console()
    async with ready_system(console.print) as system:
        (done,) = await evaluate_with(
            system, talk, source="en", languages=["pt", "es"], minutes=length, out=out, console=console
        )
    return done.report, done.place


def report(of: Report) -> str:
    """As Markdown."""
    told = [minute for minute in _TOLD if minute <= of.duration_s / 60]
    rows = [
        [f"heard lag, median s, {LANGUAGES[code].name}", *(_s(_at(one.heard_lag_by_minute_ms, m)) for m in told)]
        for code, one in of.languages.items()
    ]
    rows += [
        [f"{name}, MB with engines", *(_number(_at(one.mb_by_minute, m)) for m in told)]
        for name, one in of.services.items()
    ]
    rows.append(["words, ms after their place", *(_number(_at(of.drift_by_minute_ms, m)) for m in told)])
    accounts = ", ".join(
        f"{LANGUAGES[code].name} {one.segments} segments, {one.lost} lost, {one.repeated} repeated"
        for code, one in of.languages.items()
    )
    return "\n\n".join(
        [
            f"{of.recording}, {of.duration_s / 60:.0f} minutes; {machine.machine()}, {os.cpu_count()} cores, "
            f"{datetime.now():%Y-%m-%d}. {accounts}.",
            table(["minute", *map(str, told)], rows),
        ]
    )


def _at(values: list[float] | list[float | None], minute: int) -> float | None:
    return values[minute - 1] if minute <= len(values) else None


def _s(ms: float | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.1f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


if __name__ == "__main__":
    typer.run(bench)
