"""What a notifier carries, as a table for the terminal and as a picture."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from rich.table import Table

from services.cli.evaluation.load import Level

_COLUMNS = ("listeners", "p50 / p95 / p99 ms", "join", "fetch", "lost, twice", "gone, refused", "KB", "cores")

_INK, _PALE, _GRID = "#2f3a44", "#7c8791", "#e8ebee"
_COLOURS = ("#3b7a78", "#a8633a", "#6a5a94", "#7b7b2f")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 430, 70, 40, 100, 50
_LEAST_MS, _DECADES = 1.0, 4
_SHARES = {"p50": "", "p99": ' stroke-dasharray="5 4"'}


def table(levels: Sequence[Level]) -> Table:
    """A row for each level: announcement delay, median time to join and to fetch a clip, what went wrong, and the
    notifier's memory for each listener and its CPU."""
    made = Table(box=None, header_style="dim", padding=(0, 1, 0, 0))
    for column in _COLUMNS:
        made.add_column(column, justify="right", no_wrap=True)
    for level in levels:
        delay = level.announce_delay_ms
        made.add_row(
            str(level.listeners),
            " / ".join(_number(value) for value in (delay.p50, delay.p95, delay.p99)),
            _number(level.join_ms.p50),
            _number(level.fetch_ms.p50),
            f"{level.lost}, {level.repeated}",
            f"{sum(level.closed.values())}, {sum(level.refused.values())}",
            _number(level.kb_per_listener, 1),
            _number(level.notifier_cores, 2),
        )
    return made


class Point(NamedTuple):
    """Of a curve: so many, and how late it is with them."""

    size: int
    p50: float | None
    p99: float | None


def points(levels: Sequence[Level]) -> list[Point]:
    """How late notices reach how many listeners, ms."""
    return [Point(one.listeners, one.announce_delay_ms.p50, one.announce_delay_ms.p99) for one in levels]


def picture(series: Mapping[str, Sequence[Point]], title: str, subtitle: str, of: str = "listeners") -> str:
    """How late it is with how many, as SVG; both scales logarithmic. series: by name, four at most. of: what there
    are so many of."""
    counts = sorted({point.size for curve in series.values() for point in curve if point.size})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="11">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(24, 34, title, _INK, "start", 17),
        _text(24, 54, f"{subtitle}; lines are the median, dashed ones the 99th percentile", _PALE),
        _text(_WIDTH / 2, _HEIGHT - 10, of, _PALE, "middle"),
    ]
    for decade in range(_DECADES + 1):
        y = _y(_LEAST_MS * 10**decade)
        parts += [
            f'<path d="M{_LEFT} {y:.1f} H{_WIDTH - _RIGHT}" stroke="{_GRID}"/>',
            _text(_LEFT - 8, y + 4, f"{_LEAST_MS * 10**decade:.0f} ms", _PALE, "end"),
        ]
    for count in counts:
        x = _x(count, counts)
        parts += [
            f'<path d="M{x:.1f} {_TOP} V{_HEIGHT - _BOTTOM}" stroke="{_GRID}"/>',
            _text(x, _HEIGHT - _BOTTOM + 16, str(count), _PALE, "middle"),
        ]
    for place, (name, curve) in enumerate(series.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        parts.append(_text(_LEFT + place * (_WIDTH - _LEFT - _RIGHT) / len(_COLOURS), _TOP - 16, name, colour))
        for share, dashes in _SHARES.items():
            measured = [(point.size, getattr(point, share)) for point in curve]
            places = [(_x(count, counts), _y(delay), delay) for count, delay in measured if count and delay is not None]
            line = " L".join(f"{x:.1f} {y:.1f}" for x, y, _ in places)
            if line:
                parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>')
            parts += [_text(x, y - 6, f"{delay:.0f}", colour, "middle") for x, y, delay in places]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(count: int, counts: Sequence[int]) -> float:
    least, most = log10(counts[0]), log10(counts[-1])
    share = (log10(count) - least) / (most - least) if most > least else 0.5
    return _LEFT + 30 + share * (_WIDTH - _LEFT - _RIGHT - 60)


def _y(delay_ms: float) -> float:
    share = log10(max(delay_ms, _LEAST_MS) / _LEAST_MS) / _DECADES
    return _HEIGHT - _BOTTOM - min(1.0, share) * (_HEIGHT - _BOTTOM - _TOP)


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start", size: int = 11) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
