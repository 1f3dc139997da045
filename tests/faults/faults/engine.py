"""Engines' processes, which the services start, that die or hang in a native call."""

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene


def _send(scene: Scene, service: str, what: signal.Signals) -> None:
    """To all engines' processes of a service."""
    for process in _engines(scene, service):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(what)


def _engines(scene: Scene, service: str) -> Iterator[psutil.Process]:
    for process in psutil.Process(scene.stack[service].pid).children(recursive=True):
        if any("engine_worker" in argument for argument in process.cmdline()):
            yield process


@dataclass(frozen=True)
class Dies(Fault):
    """kill -9 of all that a service has."""

    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}'s engines: kill -9"

    async def inject(self, scene: Scene) -> None:
        _send(scene, self.service, signal.SIGKILL)


@dataclass(frozen=True)
class Hangs(Fault):
    """A call doesn't return; whoever is still there afterwards goes on."""

    lasts_s: float = 12.0
    service: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}'s engines: hang, for up to {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        _send(scene, self.service, signal.SIGSTOP)

    async def heal(self, scene: Scene) -> None:
        _send(scene, self.service, signal.SIGCONT)


ALL: tuple[Fault, ...] = (
    Dies(service="transcriber"),
    Dies(service="translator"),
    Hangs(service="transcriber"),
    Hangs(service="translator"),
)
