"""The platform on one machine: what it makes, that it can be made twice, that it leaves nothing behind."""

import stat
from pathlib import Path

import jwt
import psutil
import pytest
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from services.cli.stack import Platform, Ports, Provisioned, StackError, sign_in
from services.cli.stack.broker import Broker
from services.cli.stack.provision import BUCKET, SESSIONS_TABLE, provision
from services.common import topics
from services.common.contracts import Frame
from services.common.kafka import LogReader, Publisher, describe_topics


def a_frame(session_id: str) -> Frame:
    return Frame(
        session_id=session_id, language="en", seq=0, first_sample=0, captured_at_ms=0.0, received_at_ms=0.0, pcm=b"\0\0"
    )


async def test_every_topic_is_as_it_should_be(platform: Platform) -> None:
    statuses = await describe_topics(platform.broker.cluster)
    assert [status.name for status in statuses] == [topic.name for topic in topics.ALL]
    assert all(status.exists and not status.differs for status in statuses)


async def test_provisioning_again_changes_nothing(platform: Platform) -> None:
    assert await provision(platform.aws.root, platform.data) == platform.provisioned


async def test_the_demo_speakers_token_is_signed_by_the_published_keys(aws: Provisioned) -> None:
    settings = aws.environment
    token = await sign_in(aws)
    key = jwt.PyJWKClient(settings["DRAGOMAN_JWKS_URL"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["RS256"], issuer=settings["DRAGOMAN_TOKEN_ISSUER"])
    assert claims["client_id"] == settings["DRAGOMAN_TOKEN_CLIENT_ID"]


async def test_another_speaker_is_another_subject(platform: Platform) -> None:
    def subject(token: str) -> str:
        return str(jwt.decode(token, options={"verify_signature": False})["sub"])

    demo, other = await platform.sign_in(), await platform.another_speaker("other@example.org")
    assert subject(demo) != subject(other)


async def test_a_wrong_password_is_refused(aws: Provisioned) -> None:
    with pytest.raises(StackError, match="Incorrect username or password"):
        await sign_in(aws, password="wrong")


@pytest.mark.usefixtures("aws_environment")
async def test_the_services_may_use_their_bucket_and_table_but_not_remove_them() -> None:
    session = get_session()
    async with session.create_client("s3") as s3, session.create_client("dynamodb") as dynamodb:
        await s3.put_object(Bucket=BUCKET, Key="session/pt/000000.flac", Body=b"clip")
        await dynamodb.put_item(TableName=SESSIONS_TABLE, Item={"pk": {"S": "session#x"}})
        with pytest.raises(ClientError, match="AccessDenied"):
            await s3.delete_bucket(Bucket=BUCKET)
        with pytest.raises(ClientError, match="AccessDenied"):
            await dynamodb.delete_table(TableName=SESSIONS_TABLE)


async def test_clips_live_for_a_day(platform: Platform) -> None:
    async with platform.aws.root.client("s3") as s3:
        rules = (await s3.get_bucket_lifecycle_configuration(Bucket=BUCKET))["Rules"]
    assert [(rule["Status"], rule["Expiration"]) for rule in rules] == [("Enabled", {"Days": 1})]


def test_only_its_owner_reads_what_was_provisioned(platform: Platform) -> None:
    assert stat.S_IMODE((platform.data / "provisioned.json").stat().st_mode) == 0o600


async def test_a_platform_started_again_has_what_it_had(tmp_path: Path) -> None:
    def platform() -> Platform:
        return Platform(ports=Ports.free(), data=tmp_path / "data", logs=tmp_path / "logs")

    async with platform() as first:
        subject = jwt.decode(await first.sign_in(), options={"verify_signature": False})["sub"]
        async with Publisher.open(first.broker.cluster, "test") as publisher:
            await publisher.send(topics.AUDIO, a_frame("kept"))
    async with platform() as second:
        assert jwt.decode(await second.sign_in(), options={"verify_signature": False})["sub"] == subject
        async with LogReader.open(second.broker.cluster, [topics.AUDIO], client_id="test") as reader:
            kept = [received.record.session_id async for received in reader.to_end()]
    assert kept == ["kept"]


async def test_a_second_platform_on_the_same_data_is_refused(platform: Platform) -> None:
    with pytest.raises(StackError, match="another stack runs with the data in"):
        await Platform(ports=Ports.free(), data=platform.data, logs=platform.logs).start()


async def test_a_taken_port_is_named_with_who_has_it(platform: Platform, tmp_path: Path) -> None:
    taken = Ports(kafka=platform.broker.port, kafka_controller=1, aws=1)
    with pytest.raises(StackError, match=rf"port {platform.broker.port}, .* is taken by java \(pid \d+\)"):
        await Platform(ports=taken, data=tmp_path / "data", logs=tmp_path / "logs").start()


def test_nothing_can_be_reached_from_another_machine(platform: Platform) -> None:
    listening = [
        connection.laddr
        for process in (platform.broker.process, platform.aws.process)
        for connection in psutil.Process(process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 3
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


async def test_a_stopped_broker_is_gone(own_broker: Broker) -> None:
    process = psutil.Process(own_broker.process.pid)
    await own_broker.stop()
    assert not process.is_running()
