"""``dragoman trace`` on a broker: which segments it finds, and what it says where there is none."""

import asyncio
import sys

import msgspec
import pytest

from services.cli.stack.broker import Broker
from services.cli.stack.process import base_environment
from services.common.kafka import Publisher
from services.common.topics import SESSIONS, TRANSLATIONS
from tests.unit.notifier.records import caption, session, speech


async def trace(broker: Broker, *arguments: str) -> tuple[int | None, str, str]:
    """Exit code, output, and what it says beside it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "trace", *arguments),
        env=base_environment() | {"DRAGOMAN_KAFKA_BOOTSTRAP": broker.bootstrap},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_segments_are_found_by_code_or_id_and_drawn_by_what_their_last_record_tells(own_broker: Broker) -> None:
    spent = {"capture": 50.0, "translate": 200.0}
    async with Publisher.open(own_broker.cluster, "test") as publisher:
        await publisher.send(SESSIONS, session("first-talk", "Calm-Otter-7"))
        await publisher.send(SESSIONS, session("second-talk", "Odd-Owl-8"))
        for talk in ("first-talk", "second-talk"):
            for index in range(2):
                await publisher.send(TRANSLATIONS, caption(index, session_id=talk))
        spoken = msgspec.structs.replace(speech(1, session_id="first-talk"), stages={**spent, "synthesize": 900.0})
        await publisher.send(TRANSLATIONS, spoken)

    code, out, _ = await trace(own_broker, "calm-otter-7")
    assert code == 0
    assert [(line.split()[1], "speech" in line) for line in out.splitlines()] == [("#0", False), ("#1", True)]

    code, out, _ = await trace(own_broker, "first", "--segment", "1", "--language", "pt")
    assert code == 0
    drawn = [line.split()[:2] for line in out.splitlines()[1:] if line]
    assert drawn == [["ingest", "capture"], ["translator", "translate"], ["translator", "synthesize"]]


@pytest.mark.parametrize("arguments", [("nobody",), ("Calm-Otter-7", "--segment", "7")])
async def test_what_is_not_there_is_told_in_one_line(own_broker: Broker, arguments: tuple[str, ...]) -> None:
    async with Publisher.open(own_broker.cluster, "test") as publisher:
        await publisher.send(SESSIONS, session("first-talk", "Calm-Otter-7"))
        await publisher.send(TRANSLATIONS, caption(0, session_id="first-talk"))
    code, out, err = await trace(own_broker, *arguments)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "dragoman topics tail" in err
