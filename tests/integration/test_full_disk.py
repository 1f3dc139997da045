"""A broker whose disk is full: it ends, is started again until there is space, and has lost nothing it acknowledged."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.cli.stack import Platform, Ports, StackError
from services.cli.stack.broker import Broker
from services.cli.stack.ports import free_ports
from services.common.contracts import Frame
from services.common.home import home
from services.common.kafka import LogReader, Publisher, apply_topics
from services.common.topics import AUDIO

SPARE_BYTES = 400_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128m", "dragoman-test", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("to mount a small file system takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def frame(seq: int) -> Frame:
    return Frame(
        session_id="s",
        language="en",
        seq=seq,
        first_sample=16_000 * seq,
        captured_at_ms=0,
        received_at_ms=0,
        pcm=bytes(32_000),
    )


async def test_a_full_disk_loses_nothing_acknowledged_and_all_goes_on_once_there_is_space(
    small_disk: Path, tmp_path: Path
) -> None:
    port, controller_port = free_ports(2)
    broker = Broker(
        jars=home() / "kafka" / "lib",
        data=small_disk / "kafka",
        log=tmp_path / "kafka.log",
        port=port,
        controller_port=controller_port,
    )
    await broker.start()
    keeping = asyncio.create_task(broker.keep_running())
    ended = asyncio.create_task(broker.ended())
    try:
        await apply_topics(broker.cluster)
        async with Publisher.open(broker.cluster, "test") as publisher:
            ballast = small_disk / "ballast"
            ballast.write_bytes(bytes(os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize - SPARE_BYTES))
            with capture_logs() as logs:
                for seq in range(100):
                    sending = asyncio.ensure_future(publisher.send(AUDIO, frame(seq)))
                    await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
                    if ended.done():
                        break
                while not logs:  # noqa: ASYNC110 (a log is no event)
                    await asyncio.sleep(0.01)
                ballast.unlink()
                await sending  # the same call, without any error
            assert SPARE_BYTES / 32_000 > seq > 0
            assert [log["event"] for log in logs] == ["broker_ended"]
            assert logs[0]["disk_free_mb"] == 0
        async with LogReader.open(broker.cluster, [AUDIO], client_id="test") as reader:
            kept = [received.record.seq async for received in reader.to_end()]
        assert kept == list(range(seq + 1))
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        with contextlib.suppress(StackError):
            await broker.stop()


async def test_an_aws_endpoint_that_ends_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(ports=Ports.free(), data=tmp_path / "data", logs=tmp_path / "logs")
    monkeypatch.setattr(platform.broker, "keep_running", asyncio.Event().wait)
    await platform.aws.start()
    kept = asyncio.create_task(platform.gave_up())
    platform.aws.process.kill_group()
    with pytest.raises(StackError, match="aws-endpoint ended with code -9"):
        await asyncio.wait_for(kept, 10)
    await platform.aws.stop()
