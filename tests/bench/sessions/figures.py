"""What many talks at once came to: level by level, where the knee is, and what gave first. Pure."""

from collections.abc import Sequence

import msgspec

from services.cli.evaluation.load import Times
from services.cli.presentation.load_figures import Point, picture
from services.cli.stack import SERVICES
from tests.bench.page import table

LATE_MS = 500.0
"""Captions this much later than those of a single talk, at the 95th percentile: it is too many talks."""
_BUSY_CORES = 0.85
"""A service is one process with one thread: with so much of a core it has no time to spare."""


class Service(msgspec.Struct, frozen=True):
    """While a level was measured."""

    cores: float
    mb: float


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """So many talks at once, for a while."""

    wanted: int
    talks: int
    """That went on."""
    refused: dict[str, int]
    """The others, by what their speakers were told."""
    caption_lag_ms: Times
    """From the end of a caption's words at the microphone until a listener had it."""
    later_ms: float
    """The 95th percentile of that, over the one of the first level."""
    announce_delay_ms: Times
    lost: int
    services: dict[str, Service]
    """The broker and the AWS endpoint too."""
    clients_cores: float
    machine_cores: float
    """Of all cores: how many were busy."""
    behind: dict[str, float]
    """Records at the level's end that a service had yet to handle."""
    shed: float
    """Segments whose speech was left out to keep up."""
    unrecognized: float
    """Frames of talks that had no recognizer's stream, as their listeners were told."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """``sessions.json``."""

    taken_at: str
    machine: str
    cores: int
    levels: list[Level]
    """Everybody is let in."""
    knee: int
    """The most talks that were carried."""
    gave: str
    """What gave first."""
    limited: list[Level]
    """No more than that are let in."""


def knee(levels: Sequence[Level]) -> Level:
    """The last level before captions got late."""
    found = levels[0]
    for level in levels:
        if level.later_ms > LATE_MS or level.talks < level.wanted:
            break
        found = level
    return found


def what_gave(levels: Sequence[Level], cores: int) -> str:
    """At the first level beyond the knee."""
    carried = knee(levels)
    beyond = [level for level in levels if level.wanted > carried.wanted]
    if not beyond:
        return "nothing yet"
    level = beyond[0]
    busy = [(used.cores, name) for name, used in level.services.items() if used.cores >= _BUSY_CORES]
    said = [f"{name} ({used:.2f} cores)" for used, name in sorted(busy, reverse=True)]
    if level.machine_cores > 0.95 * cores:
        said.insert(0, f"the machine ({level.machine_cores:.2f} of {cores} cores)")
    return " and ".join(said) or "none of the services by its CPU"


def levels_table(levels: Sequence[Level]) -> str:
    """A row for each level, as Markdown."""
    columns = ["talks", "caption lag p50 / p95 / p99 s", "later by ms", *SERVICES, "kafka", "clients", "behind", "shed"]
    rows = [
        [
            f"{level.talks}" + (f" ({level.wanted - level.talks} refused)" if level.talks < level.wanted else ""),
            " / ".join(
                _s(value) for value in (level.caption_lag_ms.p50, level.caption_lag_ms.p95, level.caption_lag_ms.p99)
            ),
            f"{level.later_ms:.0f}",
            *(f"{level.services[name].cores:.2f} c, {level.services[name].mb:.0f} MB" for name in (*SERVICES, "kafka")),
            f"{level.clients_cores:.2f} c",
            ", ".join(f"{count:.0f}" for count in level.behind.values()),
            f"{level.shed:.0f}",
        ]
        for level in levels
    ]
    return table(columns, rows)


def report(figures: Figures) -> str:
    """All of it, as Markdown."""
    carried = knee(figures.levels)
    cores = {name: carried.services[name].cores for name in SERVICES}
    shares = ", ".join(f"{name} {carried.talks / used:.0f}" for name, used in cores.items() if used)
    told = {why for level in figures.limited for why in level.refused}
    parts = [
        f"{figures.machine}, {figures.taken_at[:10]}. Cores (c) and resident memory of each process.",
        levels_table(figures.levels),
        f"The knee is at {carried.talks} talks; beyond it gave {figures.gave}. Talks per core there: {shares}.",
    ]
    if figures.limited:
        parts += [
            f"With `DRAGOMAN_LIVE_SESSIONS={figures.knee}`:",
            levels_table(figures.limited),
            "Those who were refused were told: " + "; ".join(f"*{why}*" for why in sorted(told)) + ".",
        ]
    return "\n\n".join(parts)


def drawn(figures: Figures) -> str:
    """Caption lag by the number of talks, as SVG."""
    curves = {
        name: [Point(level.wanted, level.caption_lag_ms.p50, level.caption_lag_ms.p99) for level in levels]
        for name, levels in (("all let in", figures.levels), (f"{figures.knee} let in", figures.limited))
    }
    return picture(curves, "Caption lag of many talks at once", figures.machine, "talks")


def _s(ms: float | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.2f}"
