"""``python -m tests.bench.load``: what the notifier carries, beside others that are given the same messages.

First with everything on this machine: a talk that is recognized, translated and spoken. Then by itself: a recorded talk
goes through Kafka, no engine runs, and the notifier's listeners, those of a plain broadcast, then Centrifugo's have the
machine, but for the broker, the talk and its listeners, to themselves.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from aiobotocore.session import get_session
from rich.console import Console

from services.cli.clients.connection import socket_url
from services.cli.evaluation.load import NOTIFIER, Level, LoadReport, Plan, Target, load_report
from services.cli.evaluation.talk import going_on
from services.cli.presentation import folder, load_figures
from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.ports import HOST, free_ports, listens
from services.cli.stack.process import Process
from services.cli.stack.system import started
from services.common.kafka import Publisher
from tests.bench.centrifugo import centrifugo
from tests.bench.page import DOCS, fill, table
from tests.bench.recorded import RecordedTalk
from tests.e2e.talks import BABYLON

_SPOKEN, _LANGUAGE = "en", "pt"
_NOTIFIER_ALONE = {"ingest": 0, "transcriber": 0, "translator": 0}
_ROOM_FOR_ALL = {"DRAGOMAN_MAX_LISTENERS": "20000", "DRAGOMAN_MAX_SESSION_LISTENERS": "20000"}
_PEER_UP_S = 20.0
_WARM_UP_S = 30.0
"""A broker that has just started runs code that isn't compiled yet: whoever is measured first would pay for it."""


class Figures(msgspec.Struct, frozen=True):
    """``load.json``."""

    whole_stack: LoadReport
    """The notifier's, beside all else."""
    notifier: LoadReport
    peer: LoadReport
    centrifugo: LoadReport | None = None


def bench(
    levels: Annotated[str, typer.Option(help="Listeners, level by level.")] = "100,500,2000,10000",
    hold: Annotated[float, typer.Option(help="Seconds that each level is measured.")] = 20.0,
    join: Annotated[float, typer.Option(help="Listeners that come in a second.")] = 300.0,
    program: Annotated[
        Path | None, typer.Option("--centrifugo", help="Its program, if it shall be measured too.", exists=True)
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the folder with figures and picture is made.")] = Path("out"),
    docs: Annotated[bool, typer.Option("--docs", help="Write figures and picture into docs/ too.")] = False,
) -> None:
    """Measure all, one after the other."""
    plan = Plan([int(level) for level in levels.split(",")], [_LANGUAGE], join, hold)
    console = Console()
    figures = asyncio.run(measure(plan, console, program))
    place = folder.new_folder(out)
    folder.write_json(place / "load.json", figures)
    series = {
        "notifier in the whole stack": figures.whole_stack.levels,
        "notifier": figures.notifier.levels,
        "plain broadcast": figures.peer.levels,
    }
    if figures.centrifugo is not None:
        series["Centrifugo"] = figures.centrifugo.levels
    title = f"Announcement delay, {hold:.0f} s at each level"
    curves = {name: load_figures.points(levels) for name, levels in series.items()}
    picture = load_figures.picture(curves, title, figures.notifier.machine)
    (place / "load.svg").write_text(picture, encoding="utf-8")
    if docs:
        (DOCS / "listeners.svg").write_text(picture, encoding="utf-8")
        fill(DOCS / "performance.md", "listeners", report(series, figures.notifier, title))
    for name, found in series.items():
        console.print(f"\n[bold]{name}[/]", load_figures.table(found), sep="\n")
    console.print(f"\nFigures and picture: [bold]{place}[/]", highlight=False)


def report(series: Mapping[str, Sequence[Level]], of: LoadReport, title: str) -> str:
    """As Markdown."""
    rows = [
        [
            name if not number else "",
            f"{level.listeners:,}",
            " / ".join(_number(getattr(level.announce_delay_ms, share)) for share in ("p50", "p95", "p99")),
            _number(level.kb_per_listener, 1),
            _number(level.notifier_cores, 2),
            _number(level.us_per_notice),
            f"{level.lost}, {level.repeated}, {sum(level.closed.values())}",
        ]
        for name, levels in series.items()
        for number, level in enumerate(levels)
    ]
    columns = [
        "",
        "listeners",
        "announced p50 / p95 / p99 ms",
        "KB a listener",
        "cores",
        "µs a notice",
        "lost, twice, gone",
    ]
    told = f"{title}; {of.machine}, {of.taken_at[:10]}."
    return f"{told}\n\n{table(columns, rows)}\n\n![Announcement delay by the number of listeners](listeners.svg)"


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


async def measure(plan: Plan, console: Console, program: Path | None) -> Figures:
    """The whole stack, then the notifier and its peers at a platform of their own. program: Centrifugo's."""
    whole = await _whole_stack(plan, console)
    with tempfile.TemporaryDirectory(prefix="dragoman-") as name:
        place, ports = Path(name), Ports.free()
        platform = Platform(ports=ports, data=place / "data", logs=place / "logs")
        async with Stack(platform, ports=ports, instances=_NOTIFIER_ALONE, env=_ROOM_FOR_ALL) as stack:
            os.environ.update(platform.environment)  # for the client of S3
            async with _talk(platform) as talk:
                console.print("The broker warms up ...")
                await asyncio.sleep(_WARM_UP_S)
                url = socket_url(stack.notifier_url, "/listen")
                own = Target(url, talk.session_id, lambda: {NOTIFIER: stack[NOTIFIER].pid or 0})
                notifier = await load_report(own, plan, console.print)
                async with _peer(platform, talk, place) as target:
                    peer = await load_report(target, plan, console.print)
                if program is None:
                    return Figures(whole, notifier, peer)
                async with centrifugo(program, platform.broker.bootstrap, talk.session_id, place) as target:
                    return Figures(whole, notifier, peer, await load_report(target, plan, console.print))


async def _whole_stack(plan: Plan, console: Console) -> LoadReport:
    with tempfile.TemporaryDirectory(prefix="dragoman-") as name:
        place, ports = Path(name), Ports.free()
        platform = Platform(ports=ports, data=place / "data", logs=place / "logs")
        async with Stack(platform, ports=ports, env=_ROOM_FOR_ALL) as stack:
            system = started(stack)
            async with going_on(system, BABYLON, _SPOKEN, console.print) as session_id:
                console.print("The talk and the broker warm up ...")
                await asyncio.sleep(_WARM_UP_S)
                target = Target(socket_url(system.notifier_url, "/listen"), session_id, system.pids)
                return await load_report(target, plan, console.print)


@asynccontextmanager
async def _talk(platform: Platform) -> AsyncIterator[RecordedTalk]:
    talk = RecordedTalk(BABYLON, _LANGUAGE)
    async with (
        Publisher.open(platform.broker.cluster, "bench") as publisher,
        get_session().create_client("s3") as clips,
        asyncio.TaskGroup() as tasks,
    ):
        await talk.open(publisher, clips, platform.environment["DRAGOMAN_CLIPS_BUCKET"])
        speaking = tasks.create_task(talk.speak(publisher))
        yield talk
        speaking.cancel()


@asynccontextmanager
async def _peer(platform: Platform, talk: RecordedTalk, place: Path) -> AsyncIterator[Target]:
    (port,) = free_ports(1)
    command = (sys.executable, "-m", "tests.bench.peer", platform.broker.bootstrap, str(port), talk.session_id)
    process = Process("peer", command, log=place / "peer.log", env=dict(os.environ))
    try:
        async with asyncio.timeout(_PEER_UP_S):
            while not listens(port):  # noqa: ASYNC110 (another process is no event)
                await asyncio.sleep(0.1)
        yield Target(f"ws://{HOST}:{port}/", talk.session_id, lambda: {NOTIFIER: process.pid})
    finally:
        await process.stop(_PEER_UP_S)


if __name__ == "__main__":
    typer.run(bench)
