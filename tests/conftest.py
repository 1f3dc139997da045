"""Real servers for the tests: one broker and one AWS endpoint a run, on free ports, with data of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.cli.stack import Platform, Ports, Provisioned, Stack
from services.cli.stack.broker import Broker
from services.cli.stack.ports import free_ports
from services.common.home import home
from services.common.kafka import apply_topics


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Broker with our topics, AWS endpoint with bucket, table and speakers; shared by all tests of the run."""
    folder = tmp_path_factory.mktemp("platform")
    platform = Platform(ports=Ports.free(), data=folder / "data", logs=folder / "logs")
    asyncio.run(platform.start())
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("LIVE_SESSIONS", "SESSIONS"):  # tests leave talks behind, all of one speaker
            patch.setenv(f"DRAGOMAN_SPEAKER_{limit}", "10000")
        yield platform
    asyncio.run(platform.stop())


@pytest.fixture(scope="session")
def broker(platform: Platform) -> str:
    """``host:port`` of the shared broker, which has our topics. Use session ids of your own."""
    return platform.broker.bootstrap


@pytest.fixture(scope="session")
def aws(platform: Platform) -> Provisioned:
    """Bucket, table, user pool and demo speaker at the shared AWS endpoint."""
    return platform.provisioned


@pytest.fixture
def aws_environment(aws: Provisioned, monkeypatch: pytest.MonkeyPatch) -> Provisioned:
    """The shared AWS endpoint, for this process as it is for a service: through the environment."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return aws


@pytest.fixture
async def bare_broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """A broker for one test, to be harmed or left full of records, without any topic."""
    port, controller_port = free_ports(2)
    broker = Broker(
        jars=home() / "kafka" / "lib",
        data=tmp_path / "kafka",
        log=tmp_path / "kafka.log",
        port=port,
        controller_port=controller_port,
    )
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@pytest.fixture
async def own_broker(bare_broker: Broker) -> Broker:
    """The same with our topics."""
    await apply_topics(bare_broker.bootstrap)
    return bare_broker


@pytest.fixture
async def stack(platform: Platform) -> AsyncIterator[Stack]:
    """The four services, one task each, on the shared platform, for one test; it may start more and harm them."""
    async with Stack(platform, running=True, ports=Ports.free()) as running:
        yield running
