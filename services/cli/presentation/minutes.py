"""A long talk, minute by minute, as a picture: heard lag, memory of each process, drift of the sample clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from services.cli.evaluation.report import Report
from services.common.languages import LANGUAGES

_INK, _PALE, _GRID = "#2f3a44", "#7c8791", "#e8ebee"
_COLOURS = ("#3b7a78", "#a8633a", "#6a5a94", "#7a7a3b", "#4a6fa5", "#a34a6b")
_WIDTH, _LEFT, _RIGHT, _TOP, _PANEL, _GAP = 900, 70, 150, 80, 150, 50
_STEPS = 4
_LABEL_PX = 14
_TICKS = 8


@dataclass(frozen=True)
class _Panel:
    title: str
    series: Mapping[str, Sequence[float | None]]
    """By name, a value a minute."""
    least: float
    most: float


def picture(report: Report) -> str:
    """As SVG."""
    panels = _panels(report)
    minutes = max((len(values) for panel in panels for values in panel.series.values()), default=1)
    height = _TOP + len(panels) * (_PANEL + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="11">',
        f"<title>{escape(report.recording)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(24, 34, f"{report.recording}, {report.duration_s / 60:.0f} minutes", _INK, size=17),
    ]
    for number, panel in enumerate(panels):
        parts += _draw(panel, _TOP + number * (_PANEL + _GAP), minutes)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panels(report: Report) -> list[_Panel]:
    lags = {
        LANGUAGES[code].name: [None if lag is None else lag / 1000 for lag in of.heard_lag_by_minute_ms]
        for code, of in report.languages.items()
    }
    memory = {name: of.mb_by_minute for name, of in report.services.items()}
    drift = {"words": report.drift_by_minute_ms}
    farthest = max((abs(value) for value in report.drift_by_minute_ms if value is not None), default=0.0)
    reach = max(50.0, farthest)
    return [
        _Panel("heard lag, median, s", lags, 0.0, _most(lags)),
        _Panel("memory with engines, MB", memory, 0.0, _most(memory)),
        _Panel("words against the recording's first playing, ms", drift, -reach, reach),
    ]


def _most(series: Mapping[str, Sequence[float | None]]) -> float:
    return 1.1 * max((value for values in series.values() for value in values if value is not None), default=1.0)


def _draw(panel: _Panel, top: float, minutes: int) -> list[str]:
    parts = [_text(_LEFT, top - 8, panel.title, _INK)]
    for step in range(_STEPS + 1):
        value = panel.least + (panel.most - panel.least) * step / _STEPS
        y = _y(panel, top, value)
        parts += [
            f'<path d="M{_LEFT} {y:.1f} H{_WIDTH - _RIGHT}" stroke="{_GRID}"/>',
            _text(_LEFT - 8, y + 4, f"{value:.{0 if panel.most > 20 else 1}f}", _PALE, "end"),
        ]
    for minute in range(0, minutes, max(1, minutes // _TICKS)):
        parts.append(_text(_x(minute, minutes), top + _PANEL + 16, f"{minute + 1}", _PALE, "middle"))
    label_y = top
    ends = [(name, values) for name, values in panel.series.items() if any(value is not None for value in values)]
    for number, (name, values) in enumerate(ends):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [
            f"{_x(minute, minutes):.1f} {_y(panel, top, value):.1f}"
            for minute, value in enumerate(values)
            if value is not None
        ]
        parts.append(f'<path d="M{" L".join(points)}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        label_y += _LABEL_PX
        parts.append(_text(_WIDTH - _RIGHT + 12, label_y, name, colour))
    return parts


def _x(minute: int, minutes: int) -> float:
    return _LEFT + minute / max(1, minutes - 1) * (_WIDTH - _LEFT - _RIGHT)


def _y(panel: _Panel, top: float, value: float) -> float:
    return top + _PANEL * (1 - (value - panel.least) / (panel.most - panel.least))


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start", size: int = 11) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
    )
