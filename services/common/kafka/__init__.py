"""Kafka: the only package that imports aiokafka.

``publisher``: records in, acknowledged, outside transactions. ``reader``: whole topics without a group.
``processing``: exactly-once from one topic to another, a ``partition`` at a time. ``dead``: what becomes of records
that can't be used; ``put_back``: how they return. ``admin``: topics as they should be.
"""

from services.common.kafka.admin import TopicStatus, apply_topics, describe_topics, missing_topics
from services.common.kafka.cluster import Cluster, KafkaUnavailable, Received, partition_of, wait_for_broker
from services.common.kafka.dead import DeadLetters
from services.common.kafka.partition import Outbox, Processor
from services.common.kafka.processing import process_partitions
from services.common.kafka.publisher import Publisher
from services.common.kafka.put_back import put_back
from services.common.kafka.reader import LogReader

__all__ = [
    "Cluster",
    "DeadLetters",
    "KafkaUnavailable",
    "LogReader",
    "Outbox",
    "Processor",
    "Publisher",
    "Received",
    "TopicStatus",
    "apply_topics",
    "describe_topics",
    "missing_topics",
    "partition_of",
    "process_partitions",
    "put_back",
    "wait_for_broker",
]
