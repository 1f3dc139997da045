"""What a notifier carries: more and more listeners of one session, and at each level how soon they are told."""

import asyncio
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.cli.clients.crowds import Crowds
from services.cli.evaluation.lag import percentile
from services.cli.evaluation.usage import Usage, UsageWatch

NOTIFIER = "notifier"
SETTLE_S = 3.0
"""Between a ramp and its measurement."""
_CROWD = "crowd"
_MB_KB, _S_US = 1024, 1_000_000


@dataclass(frozen=True)
class Target:
    """Where the listeners go."""

    url: str
    """The notifier's socket."""
    session: str
    """Id or code."""
    pids: Callable[[], Mapping[str, int]]
    """Processes on this machine, by service; without the notifier nothing is said of its memory and CPU."""
    dialect: str = ""
    """Of a server that isn't ours: see ``Crowds.open``."""


@dataclass(frozen=True)
class Plan:
    """How many listen, and how."""

    levels: Sequence[int]
    """Listeners, from few to many: they stay while more come."""
    languages: Sequence[str]
    join_per_s: float = 200.0
    hold_s: float = 20.0
    fetch_share: float = 0.01
    """Of the listeners: these fetch the clips that they are told of."""


class Times(msgspec.Struct, frozen=True):
    """Milliseconds; None without values."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """So many listeners, for a while."""

    wanted: int
    listeners: int
    """That joined, and were there at the beginning."""
    refused: dict[str, int]
    """Those that were not let in, by what they were told."""
    join_ms: Times
    """From a connection's beginning to the answer ``joined``."""
    held_s: float
    notices: int
    """Captions and speech that came, to all listeners together."""
    announce_delay_ms: Times
    """Of a notice: from its record's publication to its arrival at one listener."""
    lost: int
    repeated: int
    closed: dict[str, int]
    clips: int
    unfetched: int
    fetch_ms: Times
    notifier_mb: float | None
    """Resident."""
    kb_per_listener: float | None
    """What it grew by since nobody listened."""
    notifier_cores: float | None
    us_per_notice: float | None
    """The notifier's CPU."""
    crowd_cores: float
    """What the listeners took of the same machine."""


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """``load.json``."""

    taken_at: str
    machine: str
    languages: tuple[str, ...]
    levels: list[Level]


async def load(target: Target, plan: Plan, report: Callable[[str], object] = lambda _: None) -> list[Level]:
    """Raise the number of listeners level by level; stop where none of a level's newcomers gets in.

    report: told of each step. Raises HelperFailed.
    """
    levels: list[Level] = []
    async with Crowds.open(target.url, target.session, plan.languages, plan.fetch_share, target.dialect) as crowds:
        empty = _used(target, crowds)
        empty.sample()
        for wanted in plan.levels:
            report(f"{wanted} listeners ...")
            before = levels[-1].listeners if levels else 0
            level = await _level(target, plan, crowds, wanted, empty.usage)
            levels.append(level)
            report(
                f"{level.listeners} listeners: {level.notices} notices, announced within "
                f"{_ms(level.announce_delay_ms.p50)} / {_ms(level.announce_delay_ms.p99)} ms (p50 / p99)"
            )
            for why, count in level.refused.items():
                report(f"{count} not let in: {why}")
            if level.listeners <= before:
                break
    return levels


async def load_report(target: Target, plan: Plan, report: Callable[[str], object] = lambda _: None) -> LoadReport:
    """As ``load``, with where and when."""
    return LoadReport(
        taken_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        languages=tuple(plan.languages),
        levels=await load(target, plan, report),
    )


async def _level(target: Target, plan: Plan, crowds: Crowds, wanted: int, empty: Mapping[str, Usage]) -> Level:
    grown = await crowds.grow(wanted, plan.join_per_s)
    await asyncio.sleep(SETTLE_S)
    watch = _used(target, crowds)
    watching = asyncio.create_task(watch.run())
    began = time.monotonic()
    try:
        heard = await crowds.hear(plan.hold_s)
    finally:
        watching.cancel()
        await asyncio.wait((watching,))
    held_s = time.monotonic() - began
    notifier = watch.usage.get(NOTIFIER)
    cpu_s = notifier.cpu_s if notifier else None
    grown_kb = (notifier.rss_mb - empty[NOTIFIER].rss_mb) * _MB_KB if notifier else None
    return Level(
        wanted=wanted,
        listeners=grown.listeners,
        refused=grown.refused,
        join_ms=_times(grown.join_ms),
        held_s=round(held_s, 1),
        notices=len(heard.delays_ms),
        announce_delay_ms=_times(heard.delays_ms),
        lost=heard.lost,
        repeated=heard.repeated,
        closed=heard.closed,
        clips=len(heard.clips_ms),
        unfetched=heard.unfetched,
        fetch_ms=_times(heard.clips_ms),
        notifier_mb=round(notifier.rss_mb, 1) if notifier else None,
        kb_per_listener=_share(grown_kb, grown.listeners),
        notifier_cores=_share(cpu_s, held_s),
        us_per_notice=_share(cpu_s and cpu_s * _S_US, len(heard.delays_ms)),
        crowd_cores=round(sum(of.cpu_s for name, of in watch.usage.items() if name.startswith(_CROWD)) / held_s, 2),
    )


def _used(target: Target, crowds: Crowds) -> UsageWatch:
    def pids() -> dict[str, int]:
        found = {name: pid for name, pid in target.pids().items() if name == NOTIFIER}
        return found | {f"{_CROWD}-{number}": pid for number, pid in enumerate(crowds.pids)}

    return UsageWatch(pids)


def _times(values: Sequence[float]) -> Times:
    return Times(*(percentile(values, share) for share in (50, 95, 99, 100)))


def _share(value: float | None, of: float) -> float | None:
    return round(value / of, 2) if value is not None and of else None


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
