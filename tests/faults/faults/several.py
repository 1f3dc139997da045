"""Several faults, one after the other, as the seed has them."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.cli.stack import StackError
from tests.faults.faults.fault import Fault
from tests.faults.scene import Harmless, Scene

_PAUSE_S = (1.0, 4.0)
_LONGEST_S = 15.0


@dataclass(frozen=True)
class Several(Fault):
    """Others at random, while it lasts; the last of them is healed before it is over."""

    lasts_s: float = 40.0
    of: Sequence[Fault] = ()

    @property
    def name(self) -> str:
        return f"several at random within {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.going_on = asyncio.create_task(self._one_after_the_other(scene))

    async def heal(self, scene: Scene) -> None:
        if scene.going_on is not None:
            await scene.going_on

    async def _one_after_the_other(self, scene: Scene) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + self.lasts_s
        short = [fault for fault in self.of if fault.lasts_s <= _LONGEST_S and _needs_nothing(fault)]
        while clock() < until:
            fault = scene.random.choice(short)
            print(f"  {fault.name}", flush=True)
            with contextlib.suppress(StackError, Harmless):  # what it would harm is down already
                await fault.inject(scene)
                await asyncio.sleep(fault.lasts_s)
                await fault.heal(scene)
            await asyncio.sleep(scene.random.uniform(*_PAUSE_S))


def _needs_nothing(fault: Fault) -> bool:
    """Whether it can happen beside others, on the ordinary ground and among services as they are."""
    return fault.ground == "ordinary" and not fault.commands and fault.kept_s is None
