"""The sockets of speakers and listeners: cut, half-open, slow."""

from dataclasses import dataclass
from typing import Literal

from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene
from tests.faults.way import Way

Who = Literal["speakers", "listeners"]


def _way(scene: Scene, whose: Who) -> Way:
    return scene.to_ingest if whose == "speakers" else scene.to_notifier


@dataclass(frozen=True)
class Cut(Fault):
    """Reset, and for a while nobody gets through."""

    lasts_s: float = 5.0
    whose: Who = "speakers"

    @property
    def name(self) -> str:
        return f"{self.whose}: cut off for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        _way(scene, self.whose).refuses = True
        _way(scene, self.whose).cut()

    async def heal(self, scene: Scene) -> None:
        _way(scene, self.whose).refuses = False


@dataclass(frozen=True)
class HalfOpen(Fault):
    """The connection carries nothing any more and neither side is told; a new one works."""

    whose: Who = "speakers"

    @property
    def name(self) -> str:
        return f"{self.whose}: connections half-open"

    async def inject(self, scene: Scene) -> None:
        _way(scene, self.whose).strand()


@dataclass(frozen=True)
class Delayed(Fault):
    """Everything takes longer, there and back."""

    lasts_s: float = 15.0
    delay_s: float = 2.0
    whose: Who = "speakers"

    @property
    def name(self) -> str:
        return f"{self.whose}: {self.delay_s:g} s delay for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        _way(scene, self.whose).delay_s = self.delay_s

    async def heal(self, scene: Scene) -> None:
        _way(scene, self.whose).delay_s = 0.0


ALL: tuple[Fault, ...] = (
    Cut(whose="speakers"),
    Cut(whose="listeners"),
    HalfOpen(whose="speakers"),
    HalfOpen(whose="listeners"),
    Delayed(whose="speakers"),
    Delayed(whose="listeners"),
)
