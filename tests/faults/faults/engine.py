"""Engines that die, in mid-word too, hang in a native call, fail, are throttled, or talk nonsense."""

import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from services.cli.clients.playback import CATCH_UP
from services.transcriber.local.tuning import Tuning
from tests.faults.engines.nonsense import LONG_MS
from tests.faults.engines.nonsense import ORDERS as NONSENSE
from tests.faults.engines.nonsense import VOICE_ORDERS as VOICE
from tests.faults.faults.fault import (
    CAPTION_LANES,
    SPEECH_LANES,
    Fault,
    OfService,
    captions_given_up,
    clips_given_up,
    left_out,
)
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
    def most_told(self) -> int:
        """Of each lane the text in hand, which waits no longer than its engine may take; a clip waits longer. The
        transcriber hears everything again, here as below."""
        return CAPTION_LANES if self.service == "translator" else 0

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
    def most_told(self) -> int:
        if self.service != "translator":
            return 0
        finals = int(self.lasts_s // Tuning.step_s) + 1
        match self.order:
            case "throttled":  # not tried again, so that each final is a caption that has failed
                return CAPTION_LANES * finals
            case "clips empty":  # nor is a voice that gives no sound: each caption may have failed
                return SPEECH_LANES * finals
            case "clips 30 s long":  # each is heard, and what would be heard too late because of it left out
                return left_out(self.lasts_s + LONG_MS / 1000)
            case "empty":
                return captions_given_up(self.lasts_s)
            case _:
                return captions_given_up(self.lasts_s) + clips_given_up(self.lasts_s)

    @property
    def speech_normal_within_s(self) -> float | None:
        """A clip that is much too long has to be over, however fast it is played."""
        too_long_s = LONG_MS // (1000 * max(rate for _, rate in CATCH_UP)) if self.order == "clips 30 s long" else 0.0
        return self.normal_within_s and self.normal_within_s + too_long_s

    @property
    def settles_s(self) -> float:
        return 12.0 if self.order == "clips 30 s long" else 0.0

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
