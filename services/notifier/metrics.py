"""What the notifier counts."""

from prometheus_client import Counter, Gauge, Histogram

from services.common.telemetry import LATENCY_BUCKETS_S

LISTENERS = Gauge("dragoman_notifier_listeners", "Listeners that have joined.")
SENT = Counter("dragoman_notifier_sent_total", "Notices sent to listeners.", ["kind"])
CLOSED = Counter("dragoman_notifier_closed_total", "Sockets closed by the notifier.", ["code"])
ANNOUNCE_DELAY = Histogram(
    "dragoman_notifier_announce_delay_seconds",
    "From a record's publication to its notice to one listener.",
    buckets=LATENCY_BUCKETS_S,
)
PRESIGNED = Counter("dragoman_notifier_presigned_total", "URLs given to listeners.", ["source"])
