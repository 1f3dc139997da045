"""Services that die, are told to go, or stand still and come back."""

import asyncio
import signal
from dataclasses import dataclass

from services.cli.stack import SERVICES, Instance
from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene

_DRAIN_S = 1.0
_LEAVING_S = 60.0


@dataclass(frozen=True)
class Killed(Fault):
    """kill -9."""

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9"

    async def inject(self, scene: Scene) -> None:
        scene.stack[self.service].send(signal.SIGKILL)


@dataclass(frozen=True)
class Terminated(Fault):
    """SIGTERM: it finishes what is in hand, and is started again."""

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: SIGTERM"

    async def inject(self, scene: Scene) -> None:
        scene.stack[self.service].send(signal.SIGTERM)


@dataclass(frozen=True)
class KilledInDrain(Fault):
    """SIGTERM, and kill -9 before it has finished what is in hand."""

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 in the drain"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        pid = instance.pid
        instance.send(signal.SIGTERM)
        await asyncio.sleep(scene.random.uniform(0, _DRAIN_S))
        if instance.pid == pid:
            instance.send(signal.SIGKILL)


@dataclass(frozen=True)
class Frozen(Fault):
    """SIGSTOP, while a second instance is there to take over; then it comes back and knows of nothing."""

    lasts_s: float = 20.0
    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: stopped for {self.lasts_s:g} s, another takes over"

    async def inject(self, scene: Scene) -> None:
        scene.stack[self.service].send(signal.SIGSTOP)
        scene.stack.start(self.service)

    async def heal(self, scene: Scene) -> None:
        scene.stack[self.service].send(signal.SIGCONT)


@dataclass(frozen=True)
class Rolled(Fault):
    """All four are restarted, one after the other, as a deploy does it."""

    @property
    def name(self) -> str:
        return "all: rolling restart"

    async def inject(self, scene: Scene) -> None:
        for service in SERVICES:
            instance = scene.stack[service]
            before = instance.restarts
            instance.send(signal.SIGTERM)
            await _restarted(instance, before)
            await instance.ready()


async def _restarted(instance: Instance, before: int) -> None:
    async with asyncio.timeout(_LEAVING_S):
        while instance.restarts == before or instance.pid is None:  # noqa: ASYNC110 (a process is no event)
            await asyncio.sleep(0.05)


ALL: tuple[Fault, ...] = (
    *(Killed(service=service) for service in SERVICES),
    *(Terminated(service=service) for service in SERVICES),
    *(KilledInDrain(service=service) for service in SERVICES),
    Frozen(service="transcriber"),
    Frozen(service="translator"),
    Rolled(),
)
