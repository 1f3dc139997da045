"""What ``dragoman topics apply`` and ``list`` do."""

import msgspec
from rich.console import Console
from rich.table import Table

from services.common.kafka import TopicStatus, apply_topics, describe_topics
from services.common.settings import Settings, load


async def apply(partitions: int, replication: int) -> None:
    """Raises KafkaUnavailable."""
    done = await apply_topics(load(Settings).kafka_bootstrap, partitions, replication)
    print("\n".join(done) if done else "all topics are as they should be")


async def compare(replication: int, *, as_json: bool) -> bool:
    """Whether all topics are as they should be. Raises KafkaUnavailable."""
    statuses = await describe_topics(load(Settings).kafka_bootstrap, replication)
    if as_json:
        print(msgspec.json.encode(statuses).decode())
    else:
        table = Table("topic", "partitions", "replicas", "settings", box=None, header_style="bold")
        for status in statuses:
            table.add_row(status.name, str(status.partitions), str(status.replication), _settings(status))
        Console().print(table)
    return all(status.exists and not status.differs for status in statuses)


def _settings(status: TopicStatus) -> str:
    if not status.exists:
        return "missing: run 'dragoman topics apply'"
    wrong = [f"{name} is {held}, should be {wanted}" for name, (held, wanted) in status.differs.items()]
    return "; ".join(wrong) or "as they should be"
