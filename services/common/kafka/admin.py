"""Topics as they should be: made, widened and set, never auto-created."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError

from services.common import topics
from services.common.kafka.cluster import Cluster, connect, stop, within

PARTITIONS = 4
_ANSWER_S = 15.0
_DURABLE_REPLICATION = 3


@dataclass(frozen=True)
class TopicStatus:
    """A topic at the broker beside how it should be. ``differs``: setting -> (is, should be)."""

    name: str
    exists: bool
    partitions: int
    replication: int
    differs: Mapping[str, tuple[str | None, str]]


def wanted_config(topic: topics.AnyTopic, replication: int) -> dict[str, str]:
    """Settings at the broker; with three replicas a write needs two of them.

    The broker unpacks what others compressed: a codec that our client lacks would stop every reader for good.
    """
    config = {**topic.config, "compression.type": "uncompressed"}
    if replication >= _DURABLE_REPLICATION:
        config["min.insync.replicas"] = "2"
    return config


async def apply_topics(cluster: Cluster, partitions: int = PARTITIONS, replication: int = 1) -> list[str]:
    """Make what is missing, add partitions, set what differs; idempotent. Returns what was done, a line each.

    The topics are there for other clients when this returns. Partitions are never removed; more of them tear open
    sessions apart (``partition_of``), and services know of them after a restart. Raises KafkaUnavailable.
    """
    done: list[str] = []
    admin = await connect(cluster, AIOKafkaAdminClient)
    try:
        for status, topic in zip(await _describe(admin, replication), topics.ALL, strict=True):
            config = wanted_config(topic, replication)
            if not status.exists:
                new = NewTopic(topic.name, partitions, replication, topic_configs=config)
                try:
                    await within(_ANSWER_S, f"making {topic.name}", admin.create_topics([new]))
                except TopicAlreadyExistsError:
                    continue
                done.append(f"made {topic.name}: {partitions} partitions, {replication} replicas")
                continue
            if status.partitions < partitions:
                more = {topic.name: NewPartitions(partitions)}
                await within(_ANSWER_S, f"widening {topic.name}", admin.create_partitions(more))
                done.append(
                    f"widened {topic.name}: {status.partitions} -> {partitions} partitions: restart all services"
                )
            if status.differs:
                resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=config)
                await within(_ANSWER_S, f"setting {topic.name}", admin.alter_configs([resource]))
                done.append(f"set {topic.name}: {', '.join(f'{k}={v[1]}' for k, v in status.differs.items())}")
        await within(_ANSWER_S, "topics just made", _all_there(admin))
    finally:
        await stop(admin)
    return done


async def _all_there(admin: AIOKafkaAdminClient) -> None:
    while not {topic.name for topic in topics.ALL} <= set(await admin.list_topics()):  # noqa: ASYNC110
        await asyncio.sleep(0.05)  # the broker's word is all there is to wait for


async def missing_topics(cluster: Cluster, wanted: Sequence[topics.AnyTopic]) -> list[str]:
    """Names of those that the broker doesn't have. Raises KafkaUnavailable."""
    admin = await connect(cluster, AIOKafkaAdminClient)
    try:
        there = set(await within(_ANSWER_S, "list of topics", admin.list_topics()))
    finally:
        await stop(admin)
    return [topic.name for topic in wanted if topic.name not in there]


async def describe_topics(cluster: Cluster, replication: int = 1) -> list[TopicStatus]:
    """How each of our topics stands at the broker. Raises KafkaUnavailable."""
    admin = await connect(cluster, AIOKafkaAdminClient)
    try:
        return await _describe(admin, replication)
    finally:
        await stop(admin)


async def _describe(admin: AIOKafkaAdminClient, replication: int) -> list[TopicStatus]:
    there = set(await within(_ANSWER_S, "list of topics", admin.list_topics()))
    statuses: list[TopicStatus] = []
    for topic in topics.ALL:
        if topic.name not in there:
            statuses.append(TopicStatus(topic.name, False, 0, 0, {}))
            continue
        described = await within(_ANSWER_S, f"description of {topic.name}", admin.describe_topics([topic.name]))
        parts = described[0]["partitions"]
        resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
        answers = await within(_ANSWER_S, f"settings of {topic.name}", admin.describe_configs([resource]))
        current = {entry[0]: entry[1] for answer in answers for entry in answer.resources[0][4]}
        differs = {
            name: (current.get(name), value)
            for name, value in wanted_config(topic, replication).items()
            if current.get(name) != value
        }
        statuses.append(TopicStatus(topic.name, True, len(parts), len(parts[0]["replicas"]), differs))
    return statuses
