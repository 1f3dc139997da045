"""What the roles allow at Kafka is enough, and no more: tried on a real broker with the same rules in its own words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.stack.ports import free_ports
from services.common.contracts import Record
from services.common.home import home
from services.common.kafka import Cluster, KafkaUnavailable, LogReader, Publisher, apply_topics, process_partitions
from services.common.topics import ALL, AUDIO, DEAD, TRANSCRIPTS, TRANSLATIONS
from tests.conftest import SIGNED_IN_S
from tests.integration.copier import Copier
from tests.integration.test_dead_letters import of_no_use
from tests.integration.test_processing import Heard, a_frame
from tests.standins.msk import Msk, SignedTokens
from tests.terraform.conftest import Environment
from tests.terraform.test_permissions import statements

_OPERATIONS = {
    "kafka-cluster:WriteDataIdempotently": "IdempotentWrite",
    "kafka-cluster:DescribeTopic": "Describe",
    "kafka-cluster:CreateTopic": "Create",
    "kafka-cluster:AlterTopic": "Alter",
    "kafka-cluster:DescribeTopicDynamicConfiguration": "DescribeConfigs",
    "kafka-cluster:AlterTopicDynamicConfiguration": "AlterConfigs",
    "kafka-cluster:ReadData": "Read",
    "kafka-cluster:WriteData": "Write",
    "kafka-cluster:AlterGroup": "Read",
    "kafka-cluster:DescribeGroup": "Describe",
    "kafka-cluster:AlterTransactionalId": "Write",
    "kafka-cluster:DescribeTransactionalId": "Describe",
}
"""MSK's actions and the operations of Kafka that they stand for; to connect takes no right at Kafka itself."""

_KINDS = {":topic/": "--topic", ":group/": "--group", ":transactional-id/": "--transactional-id"}


@pytest.fixture
async def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Msk]:
    """A broker without topics, at which who signs in may do nothing yet."""
    port, controller_port, iam_port = free_ports(3)
    broker = Msk(
        iam_port=iam_port,
        signed_in_s=SIGNED_IN_S,
        strict=True,
        jars=home() / "kafka" / "lib",
        data=tmp_path / "kafka",
        log=tmp_path / "kafka.log",
        port=port,
        controller_port=controller_port,
    )
    await broker.start()
    try:
        monkeypatch.setenv("SSL_CERT_FILE", str(broker.certificate))
        yield broker
    finally:
        await broker.stop()


async def in_the_role(broker: Msk, environment: Environment, module: str, role: str = "task") -> Cluster:
    """The broker for clients in the name of a role, with what it allows there."""
    for actions, resources in statements(environment, module, role):
        operations = [
            part for action in actions if action in _OPERATIONS for part in ("--operation", _OPERATIONS[action])
        ]
        if operations:
            await broker.rule("--allow-principal", f"User:{module}", *operations, *_resources(resources))
    return broker.signed_in_by(SignedTokens(broker.key, name=module))


def _resources(arns: list[str]) -> list[str]:
    words: list[str] = []
    for arn in arns:
        option = next((option for kind, option in _KINDS.items() if kind in arn), None)
        name = arn.rsplit("/", 1)[1]
        if option is None:
            words += ["--cluster"]
        elif name.endswith("-*"):
            words += [option, name.removesuffix("*"), "--resource-pattern-type", "prefixed"]
        else:
            words += [option, name]
    return words


async def test_the_roles_of_the_topics_task_and_of_a_service_allow_all_that_these_do_and_no_more(
    environment: Environment, strict: Msk
) -> None:
    made = await apply_topics(await in_the_role(strict, environment, "kafka", "topics"), replication=1)
    assert len(made) == len(ALL)
    cluster = await in_the_role(strict, environment, "transcriber")
    heard, drain = Heard(["talk"]), asyncio.Event()
    async with Publisher.open(strict.cluster, "test") as publisher, asyncio.TaskGroup() as tasks:
        tasks.create_task(
            process_partitions(
                cluster=cluster,
                service="transcriber",
                instance="a",
                source=AUDIO,
                output=TRANSCRIPTS,
                make=lambda _, outbox: Copier(outbox),
                drain=drain,
            )
        )
        listening = tasks.create_task(heard.listen(cluster))
        await publisher.send(of_no_use(), Record(session_id="talk"))
        for seq in range(10):
            await publisher.send(AUDIO, a_frame("talk", seq))
        await heard.until(lambda: heard.indices["talk"] == list(range(10)), 60)
        listening.cancel()
        drain.set()
    async with LogReader.open(strict.cluster, [DEAD], client_id="test") as reader:
        assert [received.record.value async for received in reader.to_end()] == [b"\0"]
    with pytest.raises(KafkaUnavailable, match="forbids it"):
        async with LogReader.open(cluster, [TRANSLATIONS], client_id="test"):
            pass
