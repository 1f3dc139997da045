"""What every fault is."""

from dataclasses import dataclass

from tests.faults.scene import Scene


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong in mid-talk. It is over when ``heal`` has returned. By itself: nothing goes wrong."""

    lasts_s: float = 0.0
    """From ``inject`` to ``heal``; 0: it is over at once, and the system gets over it by itself."""

    @property
    def name(self) -> str:
        """As the table has it."""
        return "none"

    async def inject(self, scene: Scene) -> None:
        """Begin."""

    async def heal(self, scene: Scene) -> None:
        """End what ``inject`` began."""
