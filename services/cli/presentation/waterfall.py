"""A segment's stages as a waterfall in the terminal. Pure: records in, lines out."""

from services.common import stages
from services.common.contracts import Caption, Speech

_WIDTH = 48
_TEXT = 60


def summary(record: Caption | Speech) -> str:
    """One line: which segment, where in the talk, how long after its words it was published, what took longest."""
    return f"{_name(record)}  {_span(record)}  {_lag(record)}  {_longest(record)}  {_said(record)}".rstrip()


def waterfall(record: Caption | Speech) -> list[str]:
    """What the segment is, then a line for each stage: the service, the stage, when it was, how long it took."""
    lines = [f"{_name(record)}  {_span(record)}  {_lag(record)}  {_said(record)}".rstrip()]
    laid_out = stages.laid_out(record.stages, record.published_at_ms)
    if not laid_out:
        return [*lines, "  (its records tell no stages)"]
    began_ms = laid_out[0][1]
    scale = _WIDTH / max(1.0, record.published_at_ms - began_ms)
    for stage, start_ms, end_ms in laid_out:
        first, last = round((start_ms - began_ms) * scale), round((end_ms - began_ms) * scale)
        bar = " " * min(first, _WIDTH - 1) + "█" * max(1, last - first)
        lines.append(f"  {stages.SERVICE[stage]:<12}{stage:<18} {bar:<{_WIDTH}} {end_ms - start_ms:6.0f} ms")
    return lines


def _name(record: Caption | Speech) -> str:
    return f"{record.language:<3} #{record.index:<4}"


def _span(record: Caption | Speech) -> str:
    return f"{record.start_ms / 1000:7.1f} - {record.end_ms / 1000:6.1f} s"


def _lag(record: Caption | Speech) -> str:
    what = "speech " if isinstance(record, Speech) else "caption"
    if not record.floor_epoch_ms:
        return f"{what} at an unknown time"
    lag_ms = record.published_at_ms - record.floor_epoch_ms - record.end_ms
    return f"{what} {lag_ms / 1000:+6.2f} s"


def _longest(record: Caption | Speech) -> str:
    if not record.stages:
        return f"{'':24}"
    stage = max(record.stages, key=lambda name: record.stages[name])
    return f"{stage:<18}{record.stages[stage]:6.0f}"


def _said(record: Caption | Speech) -> str:
    text = f"[{record.failed}] {record.text}" if record.failed else record.text
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
