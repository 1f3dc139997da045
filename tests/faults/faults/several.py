"""Several faults, one after the other, as the seed has them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from services.cli.stack import SERVICES, StackError
from tests.faults.faults.fault import Fault
from tests.faults.faults.processes import obeying
from tests.faults.scene import Harmless, Scene

_PAUSE_S = (1.0, 4.0)


@dataclass(frozen=True)
class Several(Fault):
    """Others at random, as many as there is time for."""

    takes_s = 40.0

    of: Sequence[Fault] = ()

    @property
    def settles_s(self) -> float:
        """As long as any of them."""
        return max((fault.settles_s for fault in self.of if self._can_be(fault, self.takes_s)), default=0.0)

    @property
    def name(self) -> str:
        return f"several at random within {self.takes_s:g} s"

    @property
    def commands(self) -> Mapping[str, tuple[str, ...]]:
        """Services that can be met at their moments, as themselves otherwise."""
        return {service: obeying(service) for service in SERVICES}

    async def inject(self, scene: Scene) -> None:
        until = monotonic() + self.takes_s
        while (left := until - monotonic()) > 0:
            possible = [fault for fault in self.of if self._can_be(fault, left)]
            await _happen(scene.random.choice(possible), scene)
            await asyncio.sleep(scene.random.uniform(*_PAUSE_S))

    def _can_be(self, fault: Fault, within_s: float) -> bool:
        """On the ordinary ground, among these services and clients as they are."""
        if fault.takes_s + fault.lasts_s > within_s:
            return False
        return fault.ground == "ordinary" and fault.kept_s is None and fault.commands.items() <= self.commands.items()


async def _happen(fault: Fault, scene: Scene) -> None:
    """Or not, where what it would harm is down already."""
    try:
        await fault.happen(scene)
    except (StackError, Harmless) as missed:
        print(f"  {fault.name}: {missed}", flush=True)
    else:
        scene.ran.append(fault.name)
        print(f"  {fault.name}", flush=True)
    scene.proofs.clear()  # among others it may have been otherwise
