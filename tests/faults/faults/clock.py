"""The speaker's clock jumps."""

from dataclasses import dataclass

from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene


@dataclass(frozen=True)
class Jumps(Fault):
    """By so much, and stays so."""

    of_one_talk = True

    by_s: float = 0.0

    @property
    def name(self) -> str:
        return f"speakers' clock: jumps by {self.by_s:+g} s"

    async def inject(self, scene: Scene) -> None:
        before = scene.watch.told
        scene.watch.ahead_ms += 1000 * self.by_s
        await scene.see(lambda: scene.watch.told > before, "a frame has the wrong time")


ALL: tuple[Fault, ...] = (Jumps(by_s=-30.0), Jumps(by_s=600.0))
