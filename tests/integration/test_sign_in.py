"""Signing in to Kafka as to MSK, on a broker that cuts connections which don't sign in again in time."""

import asyncio
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.stack.ports import free_ports
from services.cli.stack.process import base_environment
from services.common.kafka import KafkaUnavailable, LogReader, Publisher, describe_topics, process_partitions, sign_in
from services.common.topics import AUDIENCE, AUDIO, TRANSCRIPTS
from tests.integration.copier import Copier
from tests.integration.test_processing import Heard, one_for_each_partition, speak
from tests.standins.msk import Msk, SignedTokens, write_keys
from tests.standins.msk_signer.aws_msk_iam_sasl_signer.MSKAuthTokenProvider import KEY_VARIABLE

ROLE = {"AWS_ACCESS_KEY_ID": "a-role", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_DEFAULT_REGION": "eu-west-1"}
_LIMIT_S = 60.0
_TIMES = 3
"""How often a sign-in runs out before a test is content."""


@pytest.fixture(autouse=True)
def trusted(msk: Msk, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process trusts the broker's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(msk.certificate))


@pytest.fixture(params=["signs in again", "is cut"])
def renewing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether clients sign in again in time, or come back after each cut."""
    renewing: bool = request.param == "signs in again"
    if not renewing:
        monkeypatch.setattr(sign_in, "_RENEWED_AT", 1000)
    return renewing


async def until(condition: Callable[[], bool], limit_s: float = _LIMIT_S) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 (the broker's log is asked, it doesn't tell)
            await asyncio.sleep(0.1)


def expired(broker: Msk, _: Path) -> SignedTokens:
    return SignedTokens(broker.key, good_for_s=-1)


def signed_by_another(_: Msk, folder: Path) -> SignedTokens:
    write_keys(folder, folder / "signs.pem", folder / "jwks.json")
    return SignedTokens(folder / "signs.pem")


@pytest.mark.parametrize("tokens", [expired, signed_by_another])
async def test_a_token_that_the_broker_refuses_ends_the_attempt_and_says_what_to_do(
    msk: Msk, tmp_path: Path, tokens: Callable[[Msk, Path], SignedTokens]
) -> None:
    with pytest.raises(KafkaUnavailable, match=r"can't sign in to Kafka at .*invalid_token.*see that the credentials"):
        await describe_topics(msk.signed_in_by(tokens(msk, tmp_path)))


async def test_who_may_not_use_a_topic_is_told_so(msk: Msk) -> None:
    everything = ("--operation", "All", "--topic", AUDIENCE.name)
    await msk.rule(*everything, "--allow-principal", "User:*")
    await msk.rule(*everything, "--deny-principal", "User:an outsider")
    outsider = msk.signed_in_by(SignedTokens(msk.key, name="an outsider"))
    with pytest.raises(KafkaUnavailable, match=r"forbids it: .*audience.*see that the task's role grants it"):
        async with LogReader.open(outsider, [AUDIENCE], client_id="test"):
            pass


async def apply_topics_with(env: dict[str, str]) -> tuple[int | None, str, str]:
    """Exit code, output and error output of ``dragoman topics apply``, as a task of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "topics", "apply"),
        env=base_environment() | {"AWS_EC2_METADATA_DISABLED": "true"} | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode(), errors.decode()


async def test_topics_are_applied_in_the_name_of_the_tasks_role(msk: Msk) -> None:
    assert await apply_topics_with(msk.environment | ROLE) == (0, "all topics are as they should be\n", "")


@pytest.mark.parametrize(
    ("lacks", "code", "said"),
    [
        ("AWS_ACCESS_KEY_ID", 1, "give the task a role, or set AWS_ACCESS_KEY_ID"),
        ("AWS_DEFAULT_REGION", 2, "wrong setting: DRAGOMAN_KAFKA_SIGN_IN=iam: no AWS region; set AWS_DEFAULT_REGION"),
    ],
)
async def test_what_a_task_lacks_to_sign_in_is_one_line(msk: Msk, lacks: str, code: int, said: str) -> None:
    env = {name: value for name, value in (msk.environment | ROLE).items() if name != lacks}
    ended, _, errors = await apply_topics_with(env)
    (line,) = errors.splitlines()
    assert ended == code
    assert said in line


async def test_credentials_that_the_broker_does_not_know_are_one_line(msk: Msk, tmp_path: Path) -> None:
    write_keys(tmp_path, tmp_path / "signs.pem", tmp_path / "jwks.json")
    ended, _, errors = await apply_topics_with(msk.environment | ROLE | {KEY_VARIABLE: str(tmp_path / "signs.pem")})
    (line,) = errors.splitlines()
    assert ended == 1
    assert "the broker refuses the token" in line


async def test_a_broker_that_does_not_answer_is_one_line() -> None:
    (port,) = free_ports(1)
    ended, _, errors = await apply_topics_with({"DRAGOMAN_KAFKA_BOOTSTRAP": f"127.0.0.1:{port}"})
    assert ended == 1
    assert errors == f"no Kafka broker answers at 127.0.0.1:{port} after 10 s\n"


async def test_publisher_and_reader_go_on_where_a_sign_in_runs_out(msk: Msk, renewing: bool) -> None:
    cluster = msk.signed_in_by(SignedTokens(msk.key))
    session, done = str(uuid.uuid4()), asyncio.Event()
    seen: list[int] = []

    async def read() -> None:
        async for received in reader.follow():
            if received.record.session_id == session:
                seen.append(received.record.seq)

    async with (
        Publisher.open(cluster, "test") as publisher,
        LogReader.open(cluster, [AUDIO], client_id="test") as reader,
        asyncio.TaskGroup() as tasks,
    ):
        reading = tasks.create_task(read())
        speaking = tasks.create_task(speak(publisher, [session], done))
        before, cuts = msk.sign_ins, msk.cuts
        await until(lambda: msk.sign_ins >= before + 2 * _TIMES)
        done.set()
        sent = await speaking
        await until(lambda: len(seen) >= sent)
        reading.cancel()
    assert seen == list(range(sent))
    assert (msk.cuts == cuts) is renewing


async def test_what_is_processed_is_neither_lost_nor_repeated_where_sign_ins_run_out(msk: Msk, renewing: bool) -> None:
    cluster = msk.signed_in_by(SignedTokens(msk.key))
    sessions = one_for_each_partition(str(uuid.uuid4()))
    heard, done, drain = Heard(sessions), asyncio.Event(), asyncio.Event()
    async with Publisher.open(cluster, "test") as publisher, asyncio.TaskGroup() as tasks:
        tasks.create_task(
            process_partitions(
                cluster=cluster,
                service="copier",
                instance="a",
                source=AUDIO,
                output=TRANSCRIPTS,
                make=lambda _, outbox: Copier(outbox),
                drain=drain,
            )
        )
        listening = tasks.create_task(heard.listen(cluster))
        speaking = tasks.create_task(speak(publisher, sessions, done))
        await heard.progress()
        before = msk.sign_ins
        await until(lambda: msk.sign_ins >= before + 30)
        await heard.progress()
        done.set()
        sent = await speaking
        await heard.until(lambda: all(len(heard.indices[session]) >= sent for session in sessions), 30)
        listening.cancel()
        drain.set()
    assert all(heard.indices[session] == list(range(sent)) for session in sessions)
