"""A disk is full in mid-talk: the broker's, that of the local store."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.faults.faults.broker import OfBrokers
from tests.faults.faults.fault import Fault
from tests.faults.grounds import free_bytes
from tests.faults.scene import Harmless, Scene

_SPARE_BYTES = 100_000
_ENDS_S = 40.0


def _fill(disk: Path) -> None:
    (disk / "ballast").write_bytes(bytes(max(0, free_bytes(disk) - _SPARE_BYTES)))


def _empty(disk: Path) -> None:
    (disk / "ballast").unlink()


@dataclass(frozen=True)
class BrokerFull(OfBrokers):
    """The broker ends; when there is space it is started again."""

    takes_s = 15.0

    lasts_s: float = 5.0
    """From the broker's end."""

    @property
    def name(self) -> str:
        return "broker: disk full"

    @property
    def longer_s(self) -> float:
        """What it holds up while the broker is on its way to its end has to be heard too, and then some more."""
        return super().longer_s + self.takes_s

    @property
    def ground(self) -> str:
        return "small disks"

    async def inject(self, scene: Scene) -> None:
        process = scene.platform.broker.process
        await asyncio.to_thread(_fill, scene.platform.data / "kafka")
        await scene.see(lambda: process.exit_code is not None, "the broker ended", _ENDS_S)

    async def heal(self, scene: Scene) -> None:
        await asyncio.to_thread(_empty, scene.platform.data / "kafka")
        await scene.platform.broker.start()


@dataclass(frozen=True)
class StoreFull(Fault):
    """The local AWS endpoint can write nothing, and goes on from memory."""

    lasts_s: float = 15.0

    @property
    def name(self) -> str:
        return f"AWS endpoint: disk full for {self.lasts_s:g} s"

    @property
    def ground(self) -> str:
        return "small disks"

    async def inject(self, scene: Scene) -> None:
        await asyncio.to_thread(_fill, scene.platform.data / "aws")

    async def heal(self, scene: Scene) -> None:
        told = (scene.platform.logs / "aws-endpoint.log").read_text(encoding="utf-8", errors="replace")
        free = free_bytes(scene.platform.data / "aws")
        await asyncio.to_thread(_empty, scene.platform.data / "aws")
        if "No space left" not in told:
            raise Harmless(f"the endpoint found room: {free} bytes were free")
        scene.seen += 1


ALL: tuple[Fault, ...] = (BrokerFull(), StoreFull())
