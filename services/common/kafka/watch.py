"""Notices a consumer that stands still although there is something to read: the client is known to do so."""

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.common.kafka.cluster import KafkaUnavailable, within

log = structlog.get_logger(__name__)

STALLED_S = 20.0
"""Of a consumer that reads nothing although it should, or finds no broker: after that its process ends."""
_CHECK_S = 5.0


class Watch:
    """Call ``check`` often; every few seconds it compares positions with the ends of the partitions."""

    def __init__(self, consumer: AIOKafkaConsumer, *asked_anyway: TopicPartition) -> None:
        """asked_anyway: partitions by which a consumer that has none to read notices that the broker is gone."""
        self._consumer = consumer
        self._asked_anyway = asked_anyway
        self._clock = asyncio.get_running_loop().time
        self._checked = self._moved = self._clock()
        self.positions: dict[TopicPartition, int] = {}
        """Of partitions that are read, as of the last look."""
        self.ends: dict[TopicPartition, int] = {}
        """Of partitions in hand, as of the last look."""
        self.waiting = False
        """Whether the last look found no broker, or records that were not read."""

    async def check(self) -> bool:
        """Whether this was a look, and the broker answered.

        Raises KafkaUnavailable once nothing could be read for too long, the broker gone included.
        """
        if self._clock() - self._checked < _CHECK_S:
            return False
        self._checked = self._clock()
        assigned = self._consumer.assignment()
        parts = assigned - self._consumer.paused()
        answered = False
        try:
            asked = [*assigned, *self._asked_anyway]
            ends = await within(_CHECK_S, "ends of topics", self._consumer.end_offsets(asked))
            positions = {part: await within(1.0, "position", self._consumer.position(part)) for part in parts}
        except KafkaUnavailable as fault:
            log.warning("broker_awaited", reason=str(fault))
            self.waiting = True
        else:
            behind = any(positions[part] < ends[part] for part in parts)
            self.waiting = behind and positions == self.positions
            self.positions, self.ends = positions, ends
            answered = True
        if not self.waiting:
            self._moved = self._clock()
        elif self._clock() - self._moved > STALLED_S:
            raise KafkaUnavailable(f"nothing could be read for {STALLED_S:g} s")
        return answered
