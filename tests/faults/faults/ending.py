"""Services that are not there when a talk ends."""

import signal
from dataclasses import dataclass

from tests.faults.faults.fault import Fault, OfService
from tests.faults.faults.instance import Run
from tests.faults.scene import Scene


@dataclass(frozen=True)
class FrozenAtTheEnd(OfService):
    """SIGSTOP while the last words are said. Nobody takes over: it comes back, or is started again, and says the rest.

    Longer than a language is waited for in which nothing is missing.
    """

    lasts_s: float = 20.0
    at_the_end = True

    @property
    def name(self) -> str:
        return f"{self.service}: stopped for {self.lasts_s:g} s as the talk ends"

    @property
    def normal_within_s(self) -> None:
        """Nothing is said any more that could be normal."""

    async def inject(self, scene: Scene) -> None:
        run = Run(scene.stack[self.service])
        run.send(signal.SIGSTOP)
        await scene.see(lambda: run.is_stopped, f"{self.service} stands still")

    async def heal(self, scene: Scene) -> None:
        Run(scene.stack[self.service]).send(signal.SIGCONT)


ALL: tuple[Fault, ...] = tuple(FrozenAtTheEnd(service=service) for service in ("transcriber", "translator"))
