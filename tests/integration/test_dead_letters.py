"""Records that can't be used, on a real broker: set aside, shown, put back."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from services.cli.stack.broker import Broker
from services.cli.stack.process import base_environment
from services.common import topics
from services.common.contracts import DeadLetter, Frame, Record
from services.common.kafka import (
    Cluster,
    DeadLetters,
    LogReader,
    Publisher,
    Received,
    apply_topics,
    dead,
    process_partitions,
    put_back,
)
from services.common.topics import AUDIO, DEAD, Encoded, Headers, Topic
from tests.integration.copier import Copier
from tests.integration.test_processing import Heard, a_frame


def of_no_use(value: bytes = b"\0") -> Topic[Record]:
    """Encodes any record as this value."""

    def encode(record: Record) -> Encoded:
        return Encoded(record.session_id.encode(), value, (("v", b"1"), ("seq", None), ("odd", b"\xff")))

    return Topic(AUDIO.name, {}, encode, AUDIO.decode)


def older(*unknown: int) -> Topic[Frame]:
    """The topic as a version reads it that doesn't know what these frames are."""

    def decode(value: bytes, headers: Headers) -> Frame:
        frame = AUDIO.decode(value, headers)
        if frame.seq in unknown:
            raise msgspec.DecodeError("from the future")
        return frame

    return replace(AUDIO, decode=decode)


@pytest.fixture
def session() -> str:
    return f"{uuid.uuid4()}"


@asynccontextmanager
async def publishing(cluster: Cluster, session: str) -> AsyncIterator[Any]:
    """Sends frames of the session by their numbers."""
    async with Publisher.open(cluster, "test") as publisher:

        async def send(*seqs: int) -> None:
            for seq in seqs:
                await publisher.send(AUDIO, a_frame(session, seq))

        yield send


async def read(cluster: Cluster, session: str, topic: Topic[Frame] = AUDIO) -> list[Received[Frame]]:
    """All frames of the session, as a service reads them that sets the others aside."""
    async with (
        asyncio.timeout(30),
        DeadLetters.open(cluster, "reader", [AUDIO]) as letters,
        LogReader.open(cluster, [topic], client_id="test", dead=letters) as reader,
    ):
        return [received async for received in reader.to_end() if received.record.session_id == session]


def numbers(read: list[Received[Frame]]) -> list[int]:
    return [received.record.seq for received in read]


async def known(cluster: Cluster, session: str) -> list[DeadLetter]:
    """All letters and notes of the session, oldest first."""
    async with asyncio.timeout(30), LogReader.open(cluster, [DEAD], client_id="test") as reader:
        return [received.record async for received in reader.to_end() if received.record.session_id == session]


async def command(cluster: Cluster, *arguments: str) -> tuple[int, list[Any]]:
    """What ``dragoman topics dead --json`` ends with, and its lines."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "topics", "dead", "--json", *arguments),
        env=base_environment() | {"DRAGOMAN_KAFKA_BOOTSTRAP": cluster.bootstrap},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, [json.loads(line) for line in printed.splitlines()]


class Stumbling(Copier):
    """Fails at the frame with this number each time."""

    async def handle(self, received: Received[Any]) -> None:
        if received.record.seq == 1:
            raise ValueError("a bug")
        await super().handle(received)


async def test_a_record_that_cannot_be_read_or_handled_is_set_aside_as_it_was_and_those_around_it_are_processed(
    own_broker: Broker, session: str
) -> None:
    cluster, heard, drain = own_broker.cluster, Heard([session]), asyncio.Event()
    large = b"\0" * 1_047_001
    async with Publisher.open(cluster, "test") as publisher, asyncio.TaskGroup() as tasks:
        await publisher.send(AUDIO, a_frame(session, 0))
        await publisher.send(of_no_use(), Record(session_id=session))
        await publisher.send(of_no_use(large), Record(session_id=session))
        await publisher.send(AUDIO, a_frame(session, 1))
        await publisher.send(AUDIO, a_frame(session, 2))
        tasks.create_task(
            process_partitions(
                cluster=cluster,
                service="copier",
                instance="a",
                source=AUDIO,
                output=topics.TRANSCRIPTS,
                make=lambda _, outbox: Stumbling(outbox),
                drain=drain,
            )
        )
        listening = tasks.create_task(heard.listen(cluster))
        await heard.until(lambda: heard.indices[session] == [0, 2], 30)
        listening.cancel()
        drain.set()
    letters = await known(cluster, session)
    headers = (("v", b"1"), ("seq", None), ("odd", b"\xff"))
    assert [(one.offset, one.value, one.headers, one.key) for one in letters] == [
        (1, b"\0", headers, session.encode()),
        (2, large, headers, session.encode()),
        (3, b"", AUDIO.encode(a_frame(session, 1)).headers, session.encode()),
    ]
    assert {(one.topic, one.by) for one in letters} == {("audio", "copier")}
    assert all("session" in one.cause for one in letters[:2])
    assert letters[2].cause == "ValueError: a bug"

    code, shown = await command(cluster, "--session", session)
    assert (code, [one["place"] for one in shown]) == (0, [one.place for one in letters])
    code, (left,) = await command(cluster, "--replay", letters[0].place)
    assert (code, left["put_back"]) == (1, None)
    assert "still can't be read" in left["left"]


async def test_a_record_that_can_be_read_by_now_is_put_back_once_with_its_key_and_headers(
    cluster: Cluster, session: str
) -> None:
    async with publishing(cluster, session) as send:
        await send(0, 1)
        for _ in range(2):  # or two tasks of the service
            assert numbers(await read(cluster, session, older(1))) == [0]
    letters = await known(cluster, session)
    assert len(letters) == 2
    code, (shown,) = await command(cluster, "--session", session)
    assert (code, shown["place"], shown["cause"]) == (0, letters[0].place, "from the future")

    code, (done,) = await command(cluster, "--session", session, "--replay", "all")
    assert (code, done["left"]) == (0, None)
    _, original, copy = await read(cluster, session)
    assert copy.record == original.record
    assert (copy.offset, copy.partition) == (done["put_back"], original.partition)
    assert copy.headers == original.headers

    _, (shown,) = await command(cluster, "--session", session)
    assert shown["put_back"] == copy.offset
    code, (left,) = await command(cluster, "--replay", letters[0].place)
    assert (code, left["put_back"]) == (1, None)
    assert "was put back before" in left["left"]


async def test_records_of_one_session_are_put_back_in_their_order_together_or_one_by_one(
    cluster: Cluster, session: str
) -> None:
    async with publishing(cluster, session) as send:
        await send(0, 1, 2, 3)
    assert numbers(await read(cluster, session, older(1, 2, 3))) == [0]
    letters = await known(cluster, session)
    assert all(isinstance(offset, int) for offset in await put_back(cluster, [letters[0]], letters))
    offsets = await put_back(cluster, [letters[2], letters[1]], await known(cluster, session))
    assert all(isinstance(offset, int) for offset in offsets)
    assert numbers(await read(cluster, session)) == [0, 1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize(("passed_over", "put_back_before"), [((1,), 0), ((1, 2), 1)])
async def test_a_record_that_its_session_went_on_without_is_left(
    cluster: Cluster, session: str, passed_over: tuple[int, ...], put_back_before: int
) -> None:
    async with publishing(cluster, session) as send:
        await send(0, 1, 2)
    await read(cluster, session, older(*passed_over))
    letters = await known(cluster, session)
    before = await put_back(cluster, letters[1:], letters)
    assert [isinstance(offset, int) for offset in before] == [True] * put_back_before
    code, told = await command(cluster, "--session", session, "--replay", letters[0].place)
    assert (code, [one["put_back"] for one in told]) == (1, [None])
    assert "went on without it" in told[0]["left"]
    assert len(await read(cluster, session)) == 3 + put_back_before


async def test_where_nothing_can_be_set_aside_reading_goes_on(
    bare_broker: Broker, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "ALL", tuple(topic for topic in topics.ALL if topic is not DEAD))
    monkeypatch.setattr(dead, "_SEND_S", 0.5)
    await apply_topics(bare_broker.cluster)
    counted = partial(
        REGISTRY.get_sample_value, "dragoman_kafka_unreadable_total", {"topic": "audio", "outcome": "failed"}
    )
    before = counted() or 0
    async with publishing(bare_broker.cluster, session) as send:
        await send(0, 1, 2)
    assert numbers(await read(bare_broker.cluster, session, older(1))) == [0, 2]
    assert counted() == before + 1
