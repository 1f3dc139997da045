"""``dragoman topics tail`` on a broker that lacks our topics, and without any broker."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.cli.stack.broker import Broker
from services.cli.stack.ports import free_ports
from services.cli.stack.process import base_environment
from services.common.kafka import Publisher, apply_topics
from services.common.topics import SESSIONS
from tests.unit.notifier.records import session


@asynccontextmanager
async def tail(bootstrap: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command; it is ended with the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "topics", "tail", *arguments),
        env=base_environment() | {"DRAGOMAN_KAFKA_BOOTSTRAP": bootstrap},
        stdout=pipe,
        stderr=pipe,
    )
    try:
        async with asyncio.timeout(30):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def told(process: asyncio.subprocess.Process) -> str:
    """The one line that it says beside its output."""
    assert process.stderr is not None
    return (await process.stderr.readline()).decode()


async def test_topics_that_are_not_there_are_named_with_what_to_do(bare_broker: Broker) -> None:
    async with tail(bare_broker.bootstrap, "sessions", "audience") as ended:
        line = await told(ended)
        assert await ended.wait() == 1
    assert "no topic sessions, audience" in line
    assert "dragoman topics apply" in line


async def test_who_follows_is_told_of_the_wait_and_then_reads(bare_broker: Broker) -> None:
    async with tail(bare_broker.bootstrap, "sessions", "--follow") as following:
        assert "no topic sessions: waiting" in await told(following)
        await apply_topics(bare_broker.cluster)
        async with Publisher.open(bare_broker.cluster, "test") as publisher:
            await publisher.send(SESSIONS, session())
        assert following.stdout is not None
        assert "A talk" in (await following.stdout.readline()).decode()


async def test_a_broker_that_is_not_there_is_told() -> None:
    (port,) = free_ports(1)
    async with tail(f"127.0.0.1:{port}", "sessions", "--follow") as ended:
        assert f"no Kafka broker answers at 127.0.0.1:{port}" in await told(ended)
        assert await ended.wait() == 1
