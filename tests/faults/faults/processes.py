"""Services that die, are told to go, or stand still and come back."""

import asyncio
import signal
from dataclasses import dataclass

import psutil

from services.cli.stack import SERVICES, Instance
from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene

_DRAIN_S = 1.0
_LEAVING_S = 60.0
_FENCED, _TAKEN = "partition_fenced", "partition_taken"
"""What a service logs of its takeover."""


@dataclass(frozen=True)
class Killed(Fault):
    """kill -9."""

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9"

    async def inject(self, scene: Scene) -> None:
        await kill(scene, self.service)


async def kill(scene: Scene, service: str) -> None:
    """kill -9 of its first instance; returns once it is gone."""
    instance = scene.stack[service]
    pid = instance.pid
    instance.send(signal.SIGKILL)
    await scene.see(lambda: instance.pid != pid, f"{service} ended")


@dataclass(frozen=True)
class Terminated(Fault):
    """SIGTERM: it finishes what is in hand, and is started again."""

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: SIGTERM"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        pid = instance.pid
        instance.send(signal.SIGTERM)
        await scene.see(lambda: instance.pid != pid, f"{self.service} ended", _LEAVING_S)


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
        await scene.see(lambda: instance.pid != pid, f"{self.service} ended")


@dataclass(frozen=True)
class Frozen(Fault):
    """SIGSTOP, while a second instance is there to take over; then it comes back and knows of nothing."""

    lasts_s: float = 20.0
    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: stopped for {self.lasts_s:g} s, another takes over"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        instance.send(signal.SIGSTOP)
        await scene.see(lambda: _is_stopped(instance), f"{self.service} stands still")
        scene.stack.start(self.service)

    async def heal(self, scene: Scene) -> None:
        scene.stack[self.service].send(signal.SIGCONT)


def _is_stopped(instance: Instance) -> bool:
    return instance.pid is not None and psutil.Process(instance.pid).status() == psutil.STATUS_STOPPED


@dataclass(frozen=True)
class KilledInRebalance(Fault):
    """A second instance comes, and while partitions move to it the first gets kill -9."""

    takes_s = 6.0

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 in a rebalance"

    async def inject(self, scene: Scene) -> None:
        arriving = scene.stack.start(self.service)
        await scene.see(lambda: _TAKEN in log_of(arriving), f"partitions move to the second {self.service}", _LEAVING_S)
        await kill(scene, self.service)


@dataclass(frozen=True)
class KilledInTakeover(Fault):
    """Who comes after kill -9 gets it too, between fencing its predecessor and asking where it stands."""

    takes_s = 6.0

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 in the takeover"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        await kill(scene, self.service)
        await scene.see(lambda: instance.pid is not None, f"{self.service} is started again")
        told = log_of(instance).count(_FENCED)
        await scene.see(lambda: log_of(instance).count(_FENCED) > told, "the predecessor is fenced", _LEAVING_S)
        await kill(scene, self.service)


@dataclass(frozen=True)
class KilledInTransaction(Fault):
    """kill -9 while the broker stands still, so that whatever is being published is in a transaction that is open."""

    lasts_s: float = 1.5
    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 inside a transaction"

    async def inject(self, scene: Scene) -> None:
        scene.platform.broker.process.send(signal.SIGSTOP)

    async def heal(self, scene: Scene) -> None:
        try:
            await kill(scene, self.service)
        finally:
            scene.platform.broker.process.send(signal.SIGCONT)


@dataclass(frozen=True)
class KilledAfterStoring(Fault):
    """kill -9 of the translator when S3 has a clip, and before the record that names it."""

    @property
    def name(self) -> str:
        return "translator: kill -9 between S3 and the announcement"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack["translator"]
        pid = instance.pid

        def stored(sent: bytes, _: bytes) -> None:
            if sent.startswith(b"PUT ") and instance.pid == pid:
                instance.send(signal.SIGKILL)

        scene.to_aws.passed = stored
        await scene.see(lambda: instance.pid != pid, "a clip was stored")
        scene.to_aws.passed = lambda sent, answered: None


def log_of(instance: Instance) -> str:
    """What it has said in its runs so far."""
    return instance.log.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Rolled(Fault):
    """All four are restarted, one after the other, as a deploy does it."""

    takes_s = 30.0

    @property
    def name(self) -> str:
        return "all: rolling restart"

    async def inject(self, scene: Scene) -> None:
        for service in SERVICES:
            instance = scene.stack[service]
            pid = instance.pid
            instance.send(signal.SIGTERM)
            await scene.see(lambda: instance.pid not in (pid, None), f"{service} is started again", _LEAVING_S)  # noqa: B023
            await instance.ready()


ALL: tuple[Fault, ...] = (
    *(Killed(service=service) for service in SERVICES),
    *(Terminated(service=service) for service in SERVICES),
    *(KilledInDrain(service=service) for service in SERVICES),
    *(KilledInTransaction(service=service) for service in ("transcriber", "translator")),
    *(KilledInRebalance(service=service) for service in ("transcriber", "translator")),
    KilledInTakeover(service="translator"),
    KilledAfterStoring(),
    Frozen(service="transcriber"),
    Frozen(service="translator"),
    Rolled(),
)
