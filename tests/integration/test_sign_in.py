"""Signing in to Kafka as to MSK, on a broker that cuts connections which don't sign in again in time."""

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from services.common.kafka import KafkaUnavailable, LogReader, Publisher, describe_topics, process_partitions, sign_in
from services.common.topics import AUDIO, TRANSCRIPTS
from tests.integration.copier import Copier
from tests.integration.test_processing import Heard, one_for_each_partition, speak
from tests.standins.msk import Msk, SignedTokens, write_keys

ROLE = {"AWS_ACCESS_KEY_ID": "a-role", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_DEFAULT_REGION": "eu-west-1"}
_LIMIT_S = 60.0
_TIMES = 5
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


async def test_publisher_and_reader_go_on_where_a_sign_in_runs_out(msk: Msk, renewing: bool) -> None:
    cluster = msk.signed_in_by(SignedTokens(msk.key))
    session, done = str(uuid.uuid4()), asyncio.Event()
    seen: list[int] = []

    async def read() -> None:
        async for received in reader.follow():
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
        await until(lambda: msk.sign_ins >= before + 50)
        await heard.progress()
        done.set()
        sent = await speaking
        await heard.until(lambda: all(len(heard.indices[session]) >= sent for session in sessions), 30)
        listening.cancel()
        drain.set()
    assert all(heard.indices[session] == list(range(sent)) for session in sessions)
