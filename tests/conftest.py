"""Real servers for the tests: one broker and one AWS endpoint a process, on free ports, with data of their own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import hypothesis
import pytest

from services.cli.stack import Platform, Ports, Provisioned, Stack
from services.cli.stack.broker import Broker
from services.cli.stack.ports import free_ports
from services.common.home import home
from services.common.kafka import Cluster, apply_topics
from tests.standins.msk import Msk

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")  # how fast something is, no test says

SIGNED_IN_S = 6.0
"""How long such a broker keeps a client that doesn't sign in again; at MSK it is 900 s."""

_TALKS = ("abuse", "e2e", "images", "integration", "faults/test_short.py")
"""Tests of running services, mostly at the pace of talks: two at once would make each other late."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, so that ``make test`` can run all others before."""
    talks = tuple(str(Path(__file__).parent / part) for part in _TALKS)
    for item in items:
        if str(item.path).startswith(talks):
            item.add_marker("talks")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Broker with our topics, AWS endpoint with bucket, table and speakers; shared by all tests of the run."""
    folder = tmp_path_factory.mktemp("platform")
    platform = Platform(ports=Ports.free(), data=folder / "data", logs=folder / "logs")
    asyncio.run(platform.start())
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("LIVE_SESSIONS", "SPEAKER_LIVE_SESSIONS", "SPEAKER_SESSIONS"):
            patch.setenv(f"DRAGOMAN_{limit}", "10000")  # tests leave talks behind, all of one speaker
        yield platform
    asyncio.run(platform.stop())


@pytest.fixture(scope="session")
def cluster(platform: Platform) -> Cluster:
    """The shared broker, which has our topics. Use session ids of your own."""
    return platform.broker.cluster


@pytest.fixture(scope="session")
def aws(platform: Platform) -> Provisioned:
    """Bucket, table, user pool and demo speaker at the shared AWS endpoint."""
    return platform.provisioned


@pytest.fixture(scope="session")
def msk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Msk]:
    """A broker that one signs in to as to MSK, again every few seconds, with our topics; shared as well."""
    folder = tmp_path_factory.mktemp("msk")
    port, controller_port, iam_port = free_ports(3)
    broker = Msk(
        iam_port=iam_port,
        signed_in_s=SIGNED_IN_S,
        jars=home() / "kafka" / "lib",
        data=folder / "kafka",
        log=folder / "kafka.log",
        port=port,
        controller_port=controller_port,
    )
    asyncio.run(broker.start())
    asyncio.run(apply_topics(broker.cluster))
    yield broker
    asyncio.run(broker.stop())


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
    await apply_topics(bare_broker.cluster)
    return bare_broker


@pytest.fixture
async def msk_platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """As ``platform``, for one test, with such a broker."""
    make_broker = partial(Msk, iam_port=free_ports(1)[0], signed_in_s=SIGNED_IN_S)
    ports, data, logs = Ports.free(), tmp_path / "data", tmp_path / "logs"
    async with Platform(ports=ports, data=data, logs=logs, make_broker=make_broker) as platform:
        yield platform


@pytest.fixture
async def stack(platform: Platform) -> AsyncIterator[Stack]:
    """The four services, one task each, on the shared platform, for one test; it may start more and harm them."""
    async with Stack(platform, running=True, ports=Ports.free()) as running:
        yield running
