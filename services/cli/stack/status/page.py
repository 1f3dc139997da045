"""The page's HTML. Pure."""

from collections.abc import Sequence
from html import escape

from services.cli.stack.status.figures import Period, Spread
from services.common import stages

_NOTICES = {"transcript": "captions as spoken", "caption": "captions", "speech": "speech"}
_LOSSES = {
    "untranslated": "captions that say that translation failed",
    "unspoken": "clips that could not be made",
    "shed": "clips left out to keep up",
}
_WORK = ("translate", "synthesize", "store")


def page(period: Period) -> str:
    """All of it. Its script asks for it again and again, and takes ``main``."""
    seconds = period.seconds
    over = "since the start" if seconds is None else f"over the last {seconds:.0f} s"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dragoman: status</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="status.css">
<script src="status.js" defer></script>
</head>
<body>
<main>
<h1>Dragoman: status</h1>
<p>Figures {over}. <span id="fresh">Looked at again every two seconds.</span></p>
{_table("Services", ("service", "state"), _services(period))}
{_table("Now", ("what", "how many"), _now(period))}
{_table("Lag, from the words to the notice", ("what", "notices", "mean s", "95 % s"), _lag(period))}
{_table("Lag of a segment by stage", ("stage", "service", "mean s", "95 % s"), _stages(period))}
{_table("Engines", ("work", "calls", "mean s", "95 % s", "failed"), _engines(period))}
{_table("What went wrong", ("what", "how many"), _wrong(period))}
</main>
</body>
</html>
"""


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    caption, thead = f"<caption>{escape(title)}</caption>", f"<thead><tr>{head}</tr></thead>"
    return f"<table>\n{caption}\n{thead}\n<tbody>\n{body}\n</tbody>\n</table>"


def _services(period: Period) -> list[tuple[str, str]]:
    return [(name, _state(checks)) for name, checks in period.last.checks.items()]


def _state(checks: object) -> str:
    if not isinstance(checks, dict):
        return "does not answer"
    missing = [name for name, holds in checks.items() if not holds]
    return f"waits for: {', '.join(missing)}" if missing else "ready"


def _now(period: Period) -> list[tuple[str, str]]:
    return [
        ("speakers connected", f"{period.gauge('dragoman_ingest_sockets'):.0f}"),
        ("talks being recognized", f"{period.gauge('dragoman_transcriber_streams'):.0f}"),
        ("listeners", f"{period.gauge('dragoman_notifier_listeners'):.0f}"),
        ("records that wait", f"{period.gauge('dragoman_kafka_records_behind'):.0f}"),
    ]


def _lag(period: Period) -> list[tuple[str, ...]]:
    return [
        (name, *_spread(period.spread("dragoman_notifier_lag_seconds", notice=notice)))
        for notice, name in _NOTICES.items()
    ]


def _stages(period: Period) -> list[tuple[str, ...]]:
    return [
        (stage, service, *_spread(period.spread("dragoman_notifier_stage_seconds", stage=stage))[1:])
        for stage, service in stages.SERVICE.items()
    ]


def _engines(period: Period) -> list[tuple[str, ...]]:
    failed = period.total("dragoman_transcriber_failures_total")
    recognized = ("recognize", *_spread(period.spread("dragoman_transcriber_decode_seconds")), f"{failed:.0f}")
    return [
        recognized,
        *(
            (
                work,
                *_spread(period.spread("dragoman_translator_engine_seconds", work=work)),
                f"{period.total('dragoman_translator_engine_failures_total', work=work):.0f}",
            )
            for work in _WORK
        ),
    ]


def _wrong(period: Period) -> list[tuple[str, str]]:
    counted = {
        "seconds of audio passed over": period.total("dragoman_transcriber_given_up_seconds_total"),
        "frames of talks that did not fit in": period.total("dragoman_transcriber_frames_refused_total"),
        **{name: period.total("dragoman_translator_losses_total", loss=loss) for loss, name in _LOSSES.items()},
        "speech announced late": period.total("dragoman_notifier_late_total", notice="speech"),
        "listeners dropped, since they didn't read": period.total("dragoman_notifier_closed_total", code="4408"),
    }
    return [(name, f"{value:.0f}") for name, value in counted.items()]


def _spread(spread: Spread | None) -> tuple[str, str, str]:
    return ("0", "-", "-") if spread is None else (f"{spread.measured:.0f}", f"{spread.mean:.2f}", f"{spread.p95:.2f}")
