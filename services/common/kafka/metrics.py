"""What those who read Kafka count."""

from prometheus_client import Counter, Gauge, Histogram

TRANSACTION = Histogram(
    "dragoman_kafka_transaction_seconds",
    "Begin to commit of one transaction",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10),
)
BEHIND = Gauge("dragoman_kafka_records_behind", "Input records of this task's partitions that are not handled yet")
UNREADABLE = Counter(
    "dragoman_kafka_unreadable_total", "Records that were passed over, and what became of them", ["topic", "outcome"]
)
