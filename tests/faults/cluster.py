"""A Kafka of three brokers on one machine: each record on all of them, written once two have it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from services.cli.stack.broker import Broker
from services.cli.stack.ports import HOST, free_ports
from services.cli.stack.process import Process
from services.cli.stack.together import together
from services.common import topics
from services.common.kafka import apply_topics

_REPLICAS = 3
_OVER_ONE = """\
node.id={number}
controller.quorum.voters={voters}
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
default.replication.factor=3
min.insync.replicas=2
"""


class Node(Broker):
    """One of them."""

    java_options = ("-Xmx256m", "-Xms64m")
    cluster_id = "ZHJhZ29tYW4tdGhyZWUtMQ"

    def __init__(self, number: int, voters: str, **broker: Any) -> None:
        super().__init__(**broker)
        self._over_one = _OVER_ONE.format(number=number, voters=voters)

    def _settings(self) -> str:
        named = {line.partition("=")[0] for line in self._over_one.splitlines()}
        alone = super()._settings().splitlines()
        return "\n".join([line for line in alone if line.partition("=")[0] not in named]) + f"\n{self._over_one}"


class ThreeBrokers(Broker):
    """As ``Broker``, with three of them behind it."""

    def __init__(self, *, jars: Path, data: Path, log: Path, port: int, controller_port: int) -> None:
        super().__init__(jars=jars, data=data, log=log, port=port, controller_port=controller_port)
        ports = (port, *free_ports(_REPLICAS - 1))
        controllers = (controller_port, *free_ports(_REPLICAS - 1))
        voters = ",".join(f"{number}@{HOST}:{one}" for number, one in enumerate(controllers, 1))
        self.nodes: Sequence[Node] = [
            Node(
                number,
                voters,
                jars=jars,
                data=data / str(number),
                log=log.with_name(f"kafka-{number}.log"),
                port=ports[number - 1],
                controller_port=controllers[number - 1],
            )
            for number in range(1, _REPLICAS + 1)
        ]

    @property
    def bootstrap(self) -> str:
        return ",".join(node.bootstrap for node in self.nodes)

    @property
    def process(self) -> Process:
        """The first one's."""
        return self.nodes[0].process

    async def start(self) -> None:
        """Return once all serve and our topics are on each."""
        await together(*(node.start() for node in self.nodes))
        await apply_topics(self.cluster, replication=_REPLICAS)

    async def stop(self) -> None:
        await together(*(node.stop() for node in self.nodes))

    async def in_sync(self) -> int:
        """On how many brokers the partition of ours is that is on the fewest."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            described = await admin.describe_topics([topic.name for topic in topics.ALL])
        finally:
            await admin.close()
        return min(len(part["isr"]) for topic in described for part in topic["partitions"])
