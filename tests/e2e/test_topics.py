"""Our topics through Kafka's own tools, and through ours."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.cli.evaluation.talk import Audience, give
from services.cli.stack import Stack
from services.cli.stack.process import base_environment
from services.cli.stack.system import System
from services.common.contracts import Caption, Final, Finished, Partial, Speech
from services.common.home import home
from services.common.kafka import Cluster, LogReader
from services.common.topics import ALL, TRANSCRIPTS, TRANSLATIONS, Topic
from tests.e2e.talks import IVORY, excerpt

pytestmark = pytest.mark.asyncio(loop_scope="module")

_LIMIT_S = 60.0


async def output(*command: str, said: bytes = b"", **env: str) -> tuple[str, str]:
    """What a program prints, and what it complains of."""
    pipe = asyncio.subprocess.PIPE
    environment = base_environment() | env
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
    try:
        async with asyncio.timeout(_LIMIT_S):
            out, err = await process.communicate(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode(errors="replace"), err.decode(errors="replace")  # others' records may be anything


async def kafkas_own(tool: str, bootstrap: str, *arguments: str, said: bytes = b"") -> tuple[str, str]:
    """What one of Kafka's own programs prints, and what it complains of."""
    java = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
    jars = f"{home() / 'kafka' / 'lib'}/*"
    return await output(
        *java, "-cp", jars, f"org.apache.kafka.tools.{tool}", "--bootstrap-server", bootstrap, *arguments, said=said
    )


async def consumed(cluster: Cluster, topic: Topic[Any], session_id: str) -> list[Any]:
    """What the console consumer prints of a session, read by our contracts."""
    printed, _ = await kafkas_own(
        "consumer.ConsoleConsumer",
        cluster.bootstrap,
        *("--topic", topic.name, "--from-beginning", "--isolation-level", "read_committed", "--timeout-ms", "3000"),
        *("--property", "print.key=true", "--property", "key.separator= "),
    )
    keyed = (line.split(" ", 1) for line in printed.splitlines())
    return [topic.decode(value.encode(), ()) for key, value in keyed if key == session_id]


async def test_a_talk_can_be_read_with_kafkas_own_consumer_and_with_ours(
    shared_stack: Stack, shared_system: System, tmp_path: Path
) -> None:
    outcome = await give(shared_system, excerpt(tmp_path, IVORY, 9_000), "en", (Audience("pt"),))
    finals = [read.final for read in outcome.finals]
    captions = [caption for _, caption in outcome.hearings["pt"].captions]
    cluster, session = shared_stack.cluster, outcome.session_id
    dragoman = (sys.executable, "-m", "services.cli", "topics", "tail", "transcripts", "--session", session)
    transcripts, translations, (for_programs, _), (for_people, _) = await asyncio.gather(
        consumed(cluster, TRANSCRIPTS, session),
        consumed(cluster, TRANSLATIONS, session),
        output(*dragoman, "--json", DRAGOMAN_KAFKA_BOOTSTRAP=cluster.bootstrap),
        output(*dragoman, DRAGOMAN_KAFKA_BOOTSTRAP=cluster.bootstrap),
    )
    assert [record for record in transcripts if isinstance(record, Final)] == finals
    *_, last = (record for record in transcripts if not isinstance(record, Partial))  # partials may come late
    assert isinstance(last, Finished)
    written = [(record.index, record.text) for record in translations if isinstance(record, Caption)]
    assert written == [(caption.index, caption.text) for caption in captions]
    spoken = [record.index for record in translations if isinstance(record, Speech)]
    assert spoken == [caption.index for caption in captions if caption.spoken]

    lines = [msgspec.json.decode(line) for line in for_programs.splitlines()]
    tailed = [msgspec.convert(line, Final) for line in lines if line["type"] == "final"]
    assert tailed == finals
    for final in finals:
        assert " ".join(word.text for word in final.words) in for_people


@pytest.mark.parametrize("codec", ["lz4", "snappy", "zstd"])
async def test_records_that_another_producer_compressed_can_be_read(shared_stack: Stack, codec: str) -> None:
    cluster, topic = shared_stack.cluster, TRANSCRIPTS
    finished = Finished(session_id=f"of-{codec}", language="en", end_ms=1.0)
    said = topic.encode(finished).value + b"\n"
    async with LogReader.open(cluster, [topic], client_id="test") as reader, asyncio.timeout(_LIMIT_S):
        await kafkas_own(
            "ConsoleProducer", cluster.bootstrap, "--topic", topic.name, "--compression-codec", codec, said=said
        )
        async for received in reader.follow():
            if received.record == finished:
                break


async def test_no_topic_comes_into_being_by_being_used(shared_stack: Stack) -> None:
    bootstrap = shared_stack.cluster.bootstrap
    _, complaint = await kafkas_own(
        "ConsoleProducer", bootstrap, "--topic", "mistyped", "--max-block-ms", "1000", said=b"lost\n"
    )
    assert "mistyped" in complaint
    await kafkas_own(
        "consumer.ConsoleConsumer", bootstrap, "--topic", "misspelt", "--from-beginning", "--timeout-ms", "2000"
    )
    there, _ = await kafkas_own("TopicCommand", bootstrap, "--list", "--exclude-internal")
    assert sorted(there.split()) == sorted(topic.name for topic in ALL)
