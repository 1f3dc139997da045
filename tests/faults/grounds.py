"""What faults happen on: an ordinary platform, one with three brokers, one whose disks are small."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from services.cli.stack import Platform, Ports
from tests.faults.cluster import ThreeBrokers

SMALL_DISK_MB = 192


def ordinary(folder: Path) -> AbstractAsyncContextManager[Platform]:
    """As ``dragoman up`` has it. folder: for its data and logs, new."""
    return Platform(ports=Ports.free(), data=folder / "data", logs=folder / "logs")


def three_brokers(folder: Path) -> AbstractAsyncContextManager[Platform]:
    """Each record on three of them, written once two have it."""
    return Platform(ports=Ports.free(), data=folder / "data", logs=folder / "logs", make_broker=ThreeBrokers)


@asynccontextmanager
async def small_disks(folder: Path) -> AsyncIterator[Platform]:
    """The broker and the AWS endpoint have a small file system each. To mount one takes root."""
    disks = [folder / "data" / part for part in ("kafka", "aws")]
    with contextlib.ExitStack() as mounted:
        for disk in disks:
            await asyncio.to_thread(_mount, disk)
            mounted.callback(_run, "umount", "--lazy", str(disk))
        async with ordinary(folder) as platform:
            yield platform


def _mount(disk: Path) -> None:
    disk.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "dragoman-faults", str(disk))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


GROUNDS: dict[str, Callable[[Path], AbstractAsyncContextManager[Platform]]] = {
    "ordinary": ordinary,
    "three brokers": three_brokers,
    "small disks": small_disks,
}


def free_bytes(disk: Path) -> int:
    """What is left of it."""
    left = os.statvfs(disk)
    return left.f_bavail * left.f_bsize
