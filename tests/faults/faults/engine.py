"""Engines that die, in mid-word too, hang in a native call, fail, are throttled, or talk nonsense."""

import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from tests.faults.engines.nonsense import ORDERS as NONSENSE
from tests.faults.engines.nonsense import VOICE_ORDERS as VOICE
from tests.faults.faults.fault import Fault, OfService
from tests.faults.scene import Scene


def _send(scene: Scene, service: str, what: signal.Signals) -> list[psutil.Process]:
    """To all engines' processes of a service, which are returned."""
    engines = list(_engines(scene, service))
    for process in engines:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(what)
    return engines


def _engines(scene: Scene, service: str) -> Iterator[psutil.Process]:
    pid = scene.stack[service].pid
    if pid is None:
        return  # it is down: to psutil no pid is our own
    for process in psutil.Process(pid).children(recursive=True):
        if any("engine_worker" in argument for argument in process.cmdline()):
            yield process


def most_told(service: str) -> int | None:
    """The translator gives a caption up that no engine has translated for 4 s, or a clip after 6 s, since others wait;
    the transcriber hears everything again."""
    return None if service == "translator" else 0


@dataclass(frozen=True)
class Dies(OfService):
    """kill -9 of all that a service has, in the middle of a word."""

    @property
    def name(self) -> str:
        return f"{self.service}'s engines: kill -9 in mid-word"

    async def inject(self, scene: Scene) -> None:
        await scene.see(scene.in_word, "a word is being spoken")
        killed = _send(scene, self.service, signal.SIGKILL)
        await scene.see(lambda: bool(killed) and not any(_runs(process) for process in killed), "engines ended")


def _runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@dataclass(frozen=True)
class Hangs(OfService):
    """A native call doesn't return; whoever is still there afterwards goes on."""

    lasts_s: float = 12.0

    @property
    def name(self) -> str:
        return f"{self.service}'s engines: hang, for up to {self.lasts_s:g} s"

    @property
    def most_told(self) -> int | None:
        return most_told(self.service)

    async def inject(self, scene: Scene) -> None:
        hung = _send(scene, self.service, signal.SIGSTOP)
        replaced_within_s = self.lasts_s
        await scene.see(lambda: any(not _runs(process) for process in hung), "one was replaced", replaced_within_s)

    async def heal(self, scene: Scene) -> None:
        _send(scene, self.service, signal.SIGCONT)


@dataclass(frozen=True)
class Errs(OfService):
    """It answers, but not with what it should."""

    lasts_s: float = 6.0
    order: str = ""
    """See ``tests.faults.engines``."""

    @property
    def name(self) -> str:
        return f"{self.service}'s engine: {self.order} for {self.lasts_s:g} s"

    @property
    def most_told(self) -> int | None:
        return most_told(self.service)

    @property
    def commands(self) -> Mapping[str, tuple[str, ...]]:
        return {self.service: (sys.executable, "-m", f"tests.faults.engines.{self.service}")}

    async def inject(self, scene: Scene) -> None:
        before = scene.engines.times
        scene.engines.give(self.order)
        await scene.see(lambda: scene.engines.times > before, f"an engine did: {self.order}")

    async def heal(self, scene: Scene) -> None:
        scene.engines.withdraw()


ALL: tuple[Fault, ...] = (
    Dies(service="transcriber"),
    Dies(service="translator"),
    Hangs(service="transcriber"),
    Hangs(service="translator"),
    *(Errs(service="transcriber", order=order) for order in ("errors", "throttled", *NONSENSE)),
    *(
        Errs(service="translator", order=order)
        for order in ("errors", "throttled", "throttled by AWS", "empty", *VOICE)
    ),
)
