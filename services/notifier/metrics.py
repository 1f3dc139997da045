"""What the notifier counts."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

from services.common import stages
from services.common.contracts import Caption, Speech
from services.common.telemetry import LATENCY_BUCKETS_S

LATE_S = 6.0
"""A notice with more lag than this is late. If more than 5 % are, the 95th percentile of the lag is above it."""

LISTENERS = Gauge("dragoman_notifier_listeners", "Listeners that have joined.")
SENT = Counter("dragoman_notifier_sent_total", "Notices sent to listeners.", ["kind"])
SENT_CAPTIONS, SENT_SPEECH = SENT.labels("caption"), SENT.labels("speech")
CLOSED = Counter("dragoman_notifier_closed_total", "Sockets closed by the notifier.", ["code"])
"""code: 4408 a listener that didn't read, 1012 a restart, 1000 the session's end, and those of refused joins."""
ANNOUNCE_DELAY = Histogram(
    "dragoman_notifier_announce_delay_seconds",
    "From a record's publication to its notice to one listener.",
    buckets=LATENCY_BUCKETS_S,
)
LAG = Histogram(
    "dragoman_notifier_lag_seconds",
    "From the end of a segment's words at the microphone to its notice to the first listener.",
    ["notice"],
    buckets=(0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 15, 30),
)
"""notice: caption, speech; transcript for captions in the spoken language."""
LATE = Counter("dragoman_notifier_late_total", f"Those with more than {LATE_S:g} s of lag.", ["notice"])
STAGE = Histogram(
    "dragoman_notifier_stage_seconds",
    "What each stage took of a segment's lag, once for each segment that was announced.",
    ["stage"],
    buckets=LATENCY_BUCKETS_S,
)
"""stage: names in ``services/common/stages.py``, up to notify."""
NEVER_CAME = Counter(
    "dragoman_notifier_never_came_seconds_total", "Ends of talks whose captions did not come, and were given up."
)
PRESIGNED = Counter(
    "dragoman_notifier_presigned_total", "URLs looked up, once for each record and language.", ["source"]
)


def announced(record: Caption | Speech, passed: Mapping[str, float], now_ms: float) -> None:
    """Count a notice that its first listener has just got. passed: milliseconds by stage."""
    if not record.text or not record.floor_epoch_ms:
        return  # nothing was said, or nobody knows when
    translated = stages.TRANSLATIONS_TOPIC in passed
    notice = ("speech" if isinstance(record, Speech) else "caption") if translated else "transcript"
    lag_ms = now_ms - record.floor_epoch_ms - record.end_ms
    LAG.labels(notice).observe(lag_ms / 1000)
    if lag_ms > LATE_S * 1000:
        LATE.labels(notice).inc()
    is_last = translated and (isinstance(record, Speech) or not record.spoken)
    for stage, ms in passed.items() if is_last else ():
        STAGE.labels(stage).observe(ms / 1000)
