"""Records in Kafka, of a transaction that hasn't ended: whoever reads only committed ones must not have them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition


@asynccontextmanager
async def uncommitted(bootstrap: str, topic: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """A call that counts those of a topic, ready for it: an answer takes a round trip, a takeover little longer."""
    async with AsyncExitStack() as opened:
        readers = []
        for level in ("read_committed", "read_uncommitted"):
            reader = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=None, isolation_level=level)
            opened.push_async_callback(reader.stop)
            await reader.start()
            readers.append(reader)
        parts = [TopicPartition(topic, number) for number in readers[0].partitions_for_topic(topic) or ()]

        async def count() -> int:
            committed, all_of_them = [await reader.end_offsets(parts) for reader in readers]
            return beyond(committed, all_of_them)

        yield count


def beyond(committed: Mapping[TopicPartition, int], all_of_them: Mapping[TopicPartition, int]) -> int:
    """So many records lie beyond the last stable offset. Of each partition: where it ends for either reader."""
    return sum(end - committed[part] for part, end in all_of_them.items())
