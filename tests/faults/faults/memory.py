"""A process may have no more memory than it has."""

import resource
from dataclasses import dataclass

import psutil

from services.cli.stack import SERVICES
from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene

_ENDS_S = 60.0


@dataclass(frozen=True)
class Exhausted(Fault):
    """RLIMIT_AS at half of what it has: the next that it asks for is refused. Started again, it has no limit."""

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: memory limit reached"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        pid = instance.pid
        process = psutil.Process(pid)
        least = process.memory_info().vms // 2
        resource.prlimit(process.pid, resource.RLIMIT_AS, (least, least))
        await scene.see(lambda: instance.pid != pid, f"{self.service} ended", _ENDS_S)


ALL: tuple[Fault, ...] = tuple(Exhausted(service=service) for service in SERVICES)
