"""``python -m services.cli.commands.bench``: the shipped talks through the system, beside its parts by themselves."""

import asyncio
import os
import platform
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from services.cli.commands.demo import SHIPPED
from services.cli.commands.evaluate import Evaluated, evaluate_with
from services.cli.commands.running import run
from services.cli.evaluation.lag import percentile, stages_of
from services.cli.evaluation.report import Report, StageSpread, Talk, report
from services.cli.evaluation.verdicts import Verdict, verdicts
from services.cli.presentation import folder
from services.cli.stack.system import ready_system
from services.common import stages
from services.common.clock import now_ms
from services.common.contracts import Partial
from services.common.kafka import Cluster, LogReader, Publisher
from services.common.topics import TRANSCRIPTS

_ORDINARY = ("en-bush-columbia", "en-linda-babylon", "en-voxpopuli-ivory")
_ENGINES = (stages.RECOGNIZE, stages.TRANSLATE, stages.SYNTHESIZE)
_HOPS = 200


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """``bench.json``."""

    taken_at: str
    machine: str
    plain_hop_ms: StageSpread
    """A record from a producer to a consumer, without transaction: what Kafka takes by itself."""
    engines_ms: StageSpread
    """What recognition, translation and synthesis of a segment take by themselves."""
    ratios: dict[str, float | None]
    ordinary: Report
    """The ordinary talks together; what the thresholds are for."""
    missed: list[str]
    reports: list[Report]


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="One recording, one language.")] = False,
    out: Annotated[Path, typer.Option(help="bench.json goes here, and the talks' folders.")] = Path("out"),
) -> None:
    """Measure everything on the shipped recordings, at real pace.

    \b
    make bench
    python -m services.cli.commands.bench --quick
    """
    run(_bench(SHIPPED if quick else SHIPPED.parent, ["pt"] if quick else ["pt", "es"], out, Console()))


async def _bench(place: Path, languages: Sequence[str], out: Path, console: Console) -> None:
    async with ready_system(console.print) as system:
        console.print("A plain Kafka hop ...")
        hops = await _plain_hops(system.cluster)
        done = await evaluate_with(
            system, place, source="en", languages=languages, minutes=None, out=out, console=console
        )
    path = out / "bench.json"
    folder.write_json(path, _figures(hops, done))
    console.print(f"Figures: [bold]{path}[/]", highlight=False)


async def _plain_hops(cluster: Cluster) -> list[float]:
    """One record after the other, as small as a partial."""
    session_id = f"bench-{uuid.uuid4().hex}"
    async with (
        Publisher.open(cluster, "dragoman-bench") as publisher,
        LogReader.open(cluster, [TRANSCRIPTS], client_id="dragoman-bench", since_ms=now_ms()) as reader,
    ):
        records = reader.follow()
        took: list[float] = []
        for _ in range(_HOPS):
            sent_ms = now_ms()
            await publisher.send(TRANSCRIPTS, Partial(session_id=session_id, language="en", follows=-1, words=()))
            async for received in records:
                if received.record.session_id == session_id:
                    took.append(received.read_at_ms - sent_ms)
                    break
            await asyncio.sleep(0.01)
    return took


def _figures(hops: Sequence[float], done: Sequence[Evaluated]) -> Figures:
    ordinary = [one.talk for one in done if one.recording.stem in _ORDINARY]
    together = report(ordinary, ", ".join(talk.recording for talk in ordinary))
    engines = _engine_times(ordinary)
    hop, engine = percentile(hops, 50), percentile(engines, 50)
    first = next(iter(together.languages.values()))
    return Figures(
        taken_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        plain_hop_ms=StageSpread(hop, percentile(hops, 95), percentile(hops, 99)),
        engines_ms=StageSpread(engine, percentile(engines, 95), percentile(engines, 99)),
        ratios={
            "exactly_once_hop_to_plain_hop": _ratio(together.stages_ms[stages.TRANSCRIPTS_TOPIC].p50, hop),
            "own_overhead_to_engines": _ratio(together.own_overhead_ms.p50, engine),
            "heard_lag_to_engines": _ratio(first.heard_lag_ms.p50, engine),
            "cpu_s_per_s_of_speech": together.cpu_cores,
        },
        ordinary=together,
        missed=[_named(verdict) for verdict in verdicts(together) if not verdict.met],
        reports=[one.report for one in done],
    )


def _engine_times(talks: Sequence[Talk]) -> list[float]:
    return [
        sum(passed.get(stage, 0.0) for stage in _ENGINES)
        for talk in talks
        for language in talk.languages.values()
        for segment in language.segments
        if (passed := stages_of(segment))
    ]


def _ratio(value: float | None, base: float | None) -> float | None:
    return round(value / base, 2) if value is not None and base else None


def _named(verdict: Verdict) -> str:
    name = verdict.threshold.path.replace("*", verdict.language or "*")
    return f"{name} is {verdict.value:g}, wanted {verdict.threshold.limit:g}"


if __name__ == "__main__":
    typer.run(bench)
