"""``python -m tests.bench.sessions``: more and more talks at once, with recorded recognizer output.

The four services, Kafka and the AWS endpoint are the real ones; recognizer, translator and voice answer when and what
the real ones would, but take no CPU. So what is measured is what each service carries by itself, all of them and their
clients on one machine.
"""

import asyncio
import os
import platform as machine
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import httpx
import psutil
import typer
from rich.console import Console

from services.cli.evaluation.lag import percentile
from services.cli.evaluation.load import Times
from services.cli.evaluation.usage import UsageWatch
from services.cli.presentation import folder
from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.status.figures import Look, Period
from services.cli.stack.system import started
from tests.bench.page import DOCS, fill
from tests.bench.sessions.figures import Figures, Level, Service, drawn, knee, levels_table, report, what_gave
from tests.bench.sessions.voices import Begin, Voices

_PROCESSING = ("transcriber", "translator")
_COMMANDS = {service: (sys.executable, "-m", f"tests.bench.sessions.{service}") for service in _PROCESSING}
_MANY = "100000"
_ROOM_FOR_ALL = {
    "DRAGOMAN_RECOGNIZER_STREAMS": _MANY,
    "DRAGOMAN_SPEAKER_LIVE_SESSIONS": _MANY,
    "DRAGOMAN_SPEAKER_SESSIONS": _MANY,
    "DRAGOMAN_CACHED_PHRASES": "1",  # all talks are the same one
    "DRAGOMAN_CACHED_CLIPS_MB": "1",
}
_WARM_UP_S = 30.0
"""A broker that has just started runs code that isn't compiled yet."""
_SETTLE_S = 5.0
_WHOLE_S = 71.0
"""Few talks are heard for the whole recording: parts of it have more lag than others."""
_CLIENTS = "clients"


def bench(
    levels: Annotated[str, typer.Option(help="Talks, level by level.")] = "1,5,10,20,40,60,80,100",
    hold: Annotated[float, typer.Option(help="Seconds that a level is measured; the first one longer.")] = 20.0,
    out: Annotated[Path, typer.Option(help="Where the folder with the figures is made.")] = Path("out"),
    docs: Annotated[bool, typer.Option("--docs", help="Write them into docs/performance.md too.")] = False,
) -> None:
    """Let everybody in until captions are late, then no more than that."""
    console = Console()
    figures = asyncio.run(measure([int(level) for level in levels.split(",")], hold, console))
    place = folder.new_folder(out)
    folder.write_json(place / "sessions.json", figures)
    text = report(figures)
    (place / "sessions.md").write_text(text + "\n", encoding="utf-8")
    picture = drawn(figures)
    (place / "sessions.svg").write_text(picture, encoding="utf-8")
    console.print(f"\n{text}\n\nFigures: [bold]{place}[/]", highlight=False)
    if docs:
        (DOCS / "sessions.svg").write_text(picture, encoding="utf-8")
        fill(DOCS / "performance.md", "sessions", f"{text}\n\n![Caption lag by the number of talks](sessions.svg)")


async def measure(wanted: Sequence[int], hold_s: float, console: Console) -> Figures:
    """Both ramps, each on a stack of its own."""
    cores = os.cpu_count() or 1
    levels = await _ramp(wanted, hold_s, _MANY, console)
    carried = knee(levels)
    console.print(f"The knee is at {carried.talks} talks. No more are let in now ...")
    limited = await _ramp([carried.talks, 2 * carried.talks], hold_s, str(carried.talks), console)
    return Figures(
        taken_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        machine=f"{machine.machine()}, {cores} cores, Python {machine.python_version()}",
        cores=cores,
        levels=levels,
        knee=carried.talks,
        gave=what_gave(levels, cores),
        limited=limited,
    )


async def _ramp(wanted: Sequence[int], hold_s: float, live_sessions: str, console: Console) -> list[Level]:
    """Stop one level after captions got late: what comes then is no news."""
    env = _ROOM_FOR_ALL | {"DRAGOMAN_LIVE_SESSIONS": live_sessions}
    levels: list[Level] = []
    with tempfile.TemporaryDirectory(prefix="dragoman-") as name:
        place, ports = Path(name), Ports.free()
        platform = Platform(ports=ports, data=place / "data", logs=place / "logs")
        async with Stack(platform, ports=ports, env=env, commands=_COMMANDS) as stack:
            begin = Begin(stack.ingest_url, stack.notifier_url, await platform.sign_in())
            async with Voices.open(begin) as voices:
                first = 0
                for number, talks in enumerate(wanted):
                    added = await voices.add(talks - first)
                    first = talks
                    await asyncio.sleep(_SETTLE_S if number else _WARM_UP_S)
                    held_s = hold_s if number else max(hold_s, _WHOLE_S)
                    level = await _level(stack, voices, talks, added.talks, added.refused, held_s, levels)
                    levels.append(level)
                    lines = levels_table([level]).splitlines()
                    console.print("\n".join(lines[2:] if number else lines), highlight=False)  # one head for all
                    if knee(levels) is not level and live_sessions == _MANY:
                        break
    return levels


async def _level(
    stack: Stack,
    voices: Voices,
    wanted: int,
    talks: int,
    refused: dict[str, int],
    hold_s: float,
    before: Sequence[Level],
) -> Level:
    pids = started(stack).pids

    def all_pids() -> dict[str, int]:
        return dict(pids()) | {f"{_CLIENTS}-{number}": pid for number, pid in enumerate(voices.pids)}

    watch = UsageWatch(all_pids)
    watching = asyncio.create_task(watch.run())
    first = await _look(stack)
    busy_s, began = _busy_s(), time.monotonic()
    heard = await voices.hear(hold_s)
    held_s = time.monotonic() - began
    machine_cores = (_busy_s() - busy_s) / held_s
    watching.cancel()
    await asyncio.wait((watching,))
    last = await _look(stack)
    period = Period(first, last)
    lag = _times(heard.caption_lags_ms)
    usual = before[0].caption_lag_ms.p95 if before else lag.p95
    return Level(
        wanted=wanted,
        talks=talks,
        refused=refused,
        caption_lag_ms=lag,
        later_ms=float("inf") if lag.p95 is None or usual is None else round(lag.p95 - usual, 1),
        announce_delay_ms=_times(heard.delays_ms),
        lost=heard.lost,
        services={
            name: Service(round(used.cpu_s / held_s, 3), round(used.rss_mb, 1))
            for name, used in watch.usage.items()
            if not name.startswith(_CLIENTS)
        },
        clients_cores=round(
            sum(used.cpu_s for name, used in watch.usage.items() if name.startswith(_CLIENTS)) / held_s, 2
        ),
        machine_cores=round(machine_cores, 2),
        behind={
            instance: value
            for (instance, name, _), value in last.samples.items()
            if name == "dragoman_kafka_records_behind" and instance in _PROCESSING
        },
        shed=period.total("dragoman_translator_losses_total", loss="shed"),
        unrecognized=period.total("dragoman_transcriber_frames_refused_total"),
    )


async def _look(stack: Stack) -> Look:
    async with httpx.AsyncClient(timeout=10.0, trust_env=False) as http:
        metrics = {one.service: (await http.get(f"{one.url}/metrics")).text for one in stack.instances}
    return Look(time.monotonic(), {}, metrics)


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _times(values: Sequence[float]) -> Times:
    return Times(*(percentile(values, share) for share in (50, 95, 99, 100)))


if __name__ == "__main__":
    typer.run(bench)
