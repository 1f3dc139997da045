"""A process may have no more memory than it has."""

import asyncio
import resource
from dataclasses import dataclass

import httpx
import psutil

from services.cli.stack import SERVICES
from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene

_ENDS_S = 60.0


@dataclass(frozen=True)
class Exhausted(Fault):
    """RLIMIT_DATA at half of what it has, while many ask for its metrics. Started again, it has no limit.

    RLIMIT_AS would let a process with threads go on for long: each has address space of its own to grow in.
    """

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: memory limit reached"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        pid = instance.pid
        process = psutil.Process(pid)
        least = process.memory_info().data // 2
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (least, least))
        asking = asyncio.create_task(_ask(f"{instance.url}/metrics"))
        try:
            await scene.see(lambda: instance.pid != pid, f"{self.service} ended", _ENDS_S)
        finally:
            asking.cancel()


async def _ask(url: str) -> None:
    """Again and again, with much to read."""
    async with httpx.AsyncClient(trust_env=False, headers={"x": "y" * 30_000}) as client:
        while True:
            await asyncio.gather(*(client.get(url) for _ in range(20)), return_exceptions=True)
            await asyncio.sleep(0.1)


ALL: tuple[Fault, ...] = tuple(Exhausted(service=service) for service in SERVICES)
