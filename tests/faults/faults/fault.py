"""What every fault is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tests.faults.scene import Scene

QUICKLY_S = 10.0
RECOGNIZED_S = 20.0
"""Where what was said meanwhile has to be recognized first."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong in mid-talk. It is over when ``heal`` has returned. By itself: nothing goes wrong."""

    lasts_s: float = 0.0
    """From ``inject`` to ``heal``; 0: it is over at once, and the system gets over it by itself."""

    takes_s: ClassVar[float] = 0.0
    """What ``inject`` itself takes, about: the talks are longer by so much."""
    of_one_talk: ClassVar[bool] = False
    """Whether it concerns the first talk's clients alone: the others, who don't go its way, must notice nothing."""

    @property
    def name(self) -> str:
        """As the table has it."""
        return "none"

    @property
    def most_told(self) -> int | None:
        """So much may be told of as failed; None: what it destroys can't be saved."""
        return 0

    @property
    def normal_within_s(self) -> float | None:
        """From its end until captions come as soon as before; None: no limit."""
        return QUICKLY_S

    @property
    def harms(self) -> bool:
        """Whether it has to have been seen to do so: see ``Scene.harmed``."""
        return self.name != "none"

    @property
    def ground(self) -> str:
        """What it happens on: a key of ``grounds.GROUNDS``."""
        return "ordinary"

    @property
    def commands(self) -> Mapping[str, tuple[str, ...]]:
        """Programs to run as services in place of the services' own."""
        return {}

    @property
    def kept_s(self) -> float | None:
        """How much a speaker's client keeps, if less than usual."""
        return None

    async def happen(self, scene: Scene) -> None:
        """From beginning to end; what was begun is ended in any case, since others come after it. Raises Harmless."""
        try:
            await self.inject(scene)
            await asyncio.sleep(self.lasts_s)
        finally:
            await self.heal(scene)

    async def inject(self, scene: Scene) -> None:
        """Begin. Raises Harmless where it did not do what it is for."""

    async def heal(self, scene: Scene) -> None:
        """End what ``inject`` began, as far as it came."""


@dataclass(frozen=True)
class OfService(Fault):
    """One that happens to a service, or to its engines."""

    service: str = ""

    @property
    def normal_within_s(self) -> float | None:
        return RECOGNIZED_S if self.service == "transcriber" else QUICKLY_S
