"""The sockets of speakers and listeners: cut, half-open, slow, on a network that loses packets."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from tests.faults.faults.fault import QUICKLY_S, RECOGNIZED_S, Fault
from tests.faults.loss import LossyNetwork
from tests.faults.scene import Harmless, Scene
from tests.faults.way import Way

Who = Literal["speakers", "listeners"]


def _way(scene: Scene, whose: Who) -> Way:
    return scene.to_ingest if whose == "speakers" else scene.to_notifier


_SEEN_AFTER_S = 12.0
"""A client takes so long to see that nothing comes any more."""


@dataclass(frozen=True)
class OfClients(Fault):
    """One that happens to the first talk's speaker, or to its listeners."""

    of_one_talk = True

    whose: Who = "speakers"

    @property
    def normal_within_s(self) -> float | None:
        """What a speaker's client kept has to be recognized first."""
        return RECOGNIZED_S if self.whose == "speakers" else QUICKLY_S


@dataclass(frozen=True)
class Cut(OfClients):
    """Reset, and for a while nobody gets through."""

    lasts_s: float = 5.0

    @property
    def name(self) -> str:
        return f"{self.whose}: cut off for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        _way(scene, self.whose).refuses = True
        _way(scene, self.whose).cut()

    async def heal(self, scene: Scene) -> None:
        _way(scene, self.whose).refuses = False


@dataclass(frozen=True)
class HalfOpen(OfClients):
    """The connection carries nothing any more and neither side is told; a new one works."""

    @property
    def name(self) -> str:
        return f"{self.whose}: connections half-open"

    @property
    def normal_within_s(self) -> float:
        """It is over at once, and nobody knows."""
        return _SEEN_AFTER_S + (RECOGNIZED_S if self.whose == "speakers" else QUICKLY_S)

    @property
    def speech_normal_within_s(self) -> float:
        """What was said in that time is all to be heard."""
        return self.normal_within_s + self.settles_s

    @property
    def settles_s(self) -> float:
        return _SEEN_AFTER_S

    async def inject(self, scene: Scene) -> None:
        _way(scene, self.whose).strand()


@dataclass(frozen=True)
class Delayed(OfClients):
    """Everything takes longer, there and back."""

    lasts_s: float = 15.0
    delay_s: float = 2.0

    @property
    def name(self) -> str:
        return f"{self.whose}: {self.delay_s:g} s delay for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        _way(scene, self.whose).delay_s = self.delay_s

    async def heal(self, scene: Scene) -> None:
        _way(scene, self.whose).delay_s = 0.0


@dataclass(frozen=True)
class Lossy(Fault):
    """Everybody gets a new connection, which loses packets: TCP sends them again, late. At the end a good one."""

    of_one_talk = True

    lasts_s: float = 20.0
    share: float = 0.05

    @property
    def name(self) -> str:
        return f"speakers and listeners: {100 * self.share:g} % of packets lost for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.going_on = asyncio.create_task(self._lose(scene, begun := asyncio.Event()))
        await begun.wait()

    async def heal(self, scene: Scene) -> None:
        if scene.going_on is not None:
            await scene.going_on

    async def _lose(self, scene: Scene, begun: asyncio.Event) -> None:
        try:
            lost = await self._lost(scene, begun)
        except OSError as fault:
            raise Harmless(f"no network of its own, which takes root: {fault}") from fault
        finally:
            begun.set()
        if not lost:
            raise Harmless("not a packet was lost")
        scene.seen += lost

    async def _lost(self, scene: Scene, begun: asyncio.Event) -> int:
        doors = scene.to_ingest, scene.to_notifier
        async with LossyNetwork(self.share) as network:
            for door in doors:
                door.lossy = network
                door.cut()
            begun.set()
            await asyncio.sleep(self.lasts_s)
            lost = await network.lost_packets()
            for door in doors:
                door.lossy = None
                door.cut()
        return lost


ALL: tuple[Fault, ...] = (
    Lossy(),
    Cut(whose="speakers"),
    Cut(whose="listeners"),
    HalfOpen(whose="speakers"),
    HalfOpen(whose="listeners"),
    Delayed(whose="speakers"),
    Delayed(whose="listeners"),
)
