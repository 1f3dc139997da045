"""What every fault is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tests.faults.scene import Scene


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong in mid-talk. It is over when ``heal`` has returned. By itself: nothing goes wrong."""

    lasts_s: float = 0.0
    """From ``inject`` to ``heal``; 0: it is over at once, and the system gets over it by itself."""

    takes_s: ClassVar[float] = 0.0
    """What ``inject`` itself takes, about: the talks are longer by so much."""

    @property
    def name(self) -> str:
        """As the table has it."""
        return "none"

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

    async def inject(self, scene: Scene) -> None:
        """Begin."""

    async def heal(self, scene: Scene) -> None:
        """End what ``inject`` began."""
