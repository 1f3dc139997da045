"""Records in, acknowledged by all replicas, outside transactions: frames, sessions, audience, partials."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from services.common.kafka.cluster import Cluster, connect, partition_of, stop, within
from services.common.topics import R, Topic

MAX_BATCH_BYTES = 262_144
"""The library's default holds one audio frame, with one request in flight: latency then grows to seconds."""
RETRY_BACKOFF_MS = 5
_GIVE_UP_MS = 40_000
"""A broker's death and return took 13 s; past this the caller learns that the record is not there."""


class Publisher:
    """An idempotent producer: each record arrives once, in the order of ``enqueue`` within a session."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    @classmethod
    @asynccontextmanager
    async def open(cls, cluster: Cluster, client_id: str) -> AsyncIterator["Publisher"]:
        """Connected for the length of the block; waits for the broker."""
        producer = await connect(
            cluster,
            AIOKafkaProducer,
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=MAX_BATCH_BYTES,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            request_timeout_ms=_GIVE_UP_MS,
        )
        try:
            yield cls(producer)
        finally:
            await stop(producer)

    async def enqueue(self, topic: Topic[R], record: R) -> "asyncio.Future[object]":
        """Hand a record over, in order; await the answer to know that Kafka has it.

        Waits while the producer's buffer is full. Raises KafkaUnavailable; the future raises aiokafka's KafkaError.
        """
        encoded = topic.encode(record)
        partitions = await within(
            _GIVE_UP_MS / 1000, f"metadata of {topic.name}", self._producer.partitions_for(topic.name)
        )
        sending = self._producer.send(
            topic.name,
            value=encoded.value,
            key=encoded.key,
            headers=list(encoded.headers),
            partition=partition_of(record.session_id, len(partitions)),
        )
        sent: asyncio.Future[object] = await within(_GIVE_UP_MS / 1000, f"record for {topic.name}", sending)
        return sent

    async def send(self, topic: Topic[R], record: R) -> None:
        """Return once all in-sync replicas have the record. Raises KafkaUnavailable."""
        acknowledged = await self.enqueue(topic, record)
        await within(_GIVE_UP_MS / 1000, f"record for {topic.name}", acknowledged)
