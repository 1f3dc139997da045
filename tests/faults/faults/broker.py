"""The broker dies, stays away, or stands still."""

import signal
from dataclasses import dataclass

from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene


@dataclass(frozen=True)
class Gone(Fault):
    """kill -9, and started again."""

    @property
    def name(self) -> str:
        return f"broker: kill -9, back after {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.platform.broker.process.kill_group()

    async def heal(self, scene: Scene) -> None:
        await scene.platform.broker.start()


@dataclass(frozen=True)
class Frozen(Fault):
    """SIGSTOP: connections stay, nothing is answered."""

    lasts_s: float = 8.0

    @property
    def name(self) -> str:
        return f"broker: stopped for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.platform.broker.process.send(signal.SIGSTOP)

    async def heal(self, scene: Scene) -> None:
        scene.platform.broker.process.send(signal.SIGCONT)


ALL: tuple[Fault, ...] = (Gone(), Gone(lasts_s=60.0), Frozen())
