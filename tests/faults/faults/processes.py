"""Services that die, are told to go, or stand still and come back."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from services.cli.stack import SERVICES
from services.common import topics
from services.common.kafka.admin import PARTITIONS
from tests.faults.faults.fault import RECOGNIZED_S, Fault, OfService
from tests.faults.faults.instance import Run
from tests.faults.moment import COMMITTING, FENCED, STOPPING, order
from tests.faults.scene import Harmless, Scene
from tests.faults.uncommitted import uncommitted

_DRAIN_S = 0.1
"""Shorter than every drain that was measured: 0.10 to 0.30 s."""
_LEAVING_S = 60.0
_BESIDE_S = 5.0
_OUTPUT: dict[str, topics.Topic[Any]] = {"transcriber": topics.TRANSCRIPTS, "translator": topics.TRANSLATIONS}
_LEFT_BEHIND = ("service_failed", "member_id was not recognized")
"""What a service says that comes back when its partitions are another's."""


@dataclass(frozen=True)
class Killed(OfService):
    """kill -9."""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9"

    async def inject(self, scene: Scene) -> None:
        await kill(scene, self.service)


async def kill(scene: Scene, service: str) -> None:
    """kill -9 of its first instance; returns once it is gone. Raises Harmless if it was."""
    run = Run(scene.stack[service])
    run.send(signal.SIGKILL)
    await scene.see(lambda: run.has_ended, f"{service} ended")
    if not run.was_killed:
        raise Harmless(f"{service} ended by itself")


@dataclass(frozen=True)
class Terminated(OfService):
    """SIGTERM: it finishes what is in hand, and is started again."""

    @property
    def name(self) -> str:
        return f"{self.service}: SIGTERM"

    async def inject(self, scene: Scene) -> None:
        run = Run(scene.stack[self.service])
        run.send(signal.SIGTERM)
        await scene.see(lambda: run.has_ended, f"{self.service} ended", _LEAVING_S)


@dataclass(frozen=True)
class AtItsMoment(OfService):
    """One for which the service has to run so that it can be told when."""

    @property
    def commands(self) -> Mapping[str, tuple[str, ...]]:
        return {self.service: obeying(self.service)}


def obeying(service: str) -> tuple[str, ...]:
    """The service as a program that takes orders: see ``moment``."""
    return (sys.executable, "-m", "tests.faults.moment", service)


@dataclass(frozen=True)
class KilledInDrain(AtItsMoment):
    """SIGTERM, and kill -9 before it has finished what is in hand."""

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 in the drain"

    async def inject(self, scene: Scene) -> None:
        run, before = Run(scene.stack[self.service]), scene.moment.times
        scene.moment.give(order(self.service, STOPPING, signal.SIGKILL, scene.random.uniform(0, _DRAIN_S)))
        run.send(signal.SIGTERM)
        await scene.see(lambda: run.has_ended, f"{self.service} ended", _LEAVING_S)
        if not run.was_killed or scene.moment.times == before:
            raise Harmless(f"{self.service} had left already")


@dataclass(frozen=True)
class Frozen(OfService):
    """SIGSTOP, while a second instance is there to take over; then it comes back and knows of nothing."""

    takes_s = 20.0

    @property
    def name(self) -> str:
        return f"{self.service}: stopped for {self.takes_s:g} s, another takes over"

    async def inject(self, scene: Scene) -> None:
        began = monotonic()
        first = Run(scene.stack[self.service])
        first.send(signal.SIGSTOP)
        try:
            await scene.see(lambda: first.is_stopped, f"{self.service} stands still")
            other = Run(scene.stack.start(self.service))
            await scene.see(lambda: len(other.taken) == PARTITIONS, "another took all over", self.takes_s)
            await asyncio.sleep(began + self.takes_s - monotonic())
            if not first.is_stopped:
                raise Harmless(f"{self.service} did not stand still all the while")
        finally:
            first.send(signal.SIGCONT)
        scene.proofs.append(
            ("it came back to nothing", lambda: first.has_ended or any(told in first.said for told in _LEFT_BEHIND))
        )


@dataclass(frozen=True)
class Scaled(OfService):
    """A second instance comes, works beside the first, and goes again by SIGTERM: nobody dies."""

    takes_s = 14.0

    @property
    def name(self) -> str:
        return f"{self.service}: scaled out and in"

    async def inject(self, scene: Scene) -> None:
        whole = Run(scene.stack[self.service])
        second = scene.stack.start(self.service)
        moved = Run(second)
        await scene.see(lambda: bool(moved.taken), "the second took partitions", _LEAVING_S)
        await asyncio.sleep(_BESIDE_S)
        others = [one for one in scene.stack.instances if one.service == self.service and one is not second and one.pid]
        back = [Run(one) for one in others]
        await second.stop()
        await scene.see(
            lambda: moved.taken <= set[str]().union(*(run.taken for run in back)),
            "the first took them back",
            _LEAVING_S,
        )
        if whole.has_ended or moved.was_killed:
            raise Harmless(f"a {self.service} died")


@dataclass(frozen=True)
class KilledInRebalance(AtItsMoment):
    """A second instance comes, and while partitions move to it, one fenced and none taken, the first gets kill -9."""

    takes_s = 6.0

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 in a rebalance"

    async def inject(self, scene: Scene) -> None:
        first = Run(scene.stack[self.service])
        scene.moment.give(order(self.service, FENCED, signal.SIGSTOP))
        second = Run(scene.stack.start(self.service))
        try:
            await scene.see(lambda: second.is_stopped, f"partitions move to the second {self.service}", _LEAVING_S)
            first.send(signal.SIGKILL)
            await scene.see(lambda: first.has_ended, f"the first {self.service} ended")
            if not first.was_killed or second.taken:
                raise Harmless("the partitions had moved already")
        finally:
            scene.moment.withdraw()
            for run in (first, second):  # the first may still have been taking over itself
                run.send(signal.SIGCONT)


@dataclass(frozen=True)
class KilledInTakeover(AtItsMoment):
    """Who comes after kill -9 gets it too, between fencing its predecessor and asking where it stands."""

    takes_s = 6.0

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 in the takeover"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        await kill(scene, self.service)
        scene.moment.give(order(self.service, FENCED, signal.SIGKILL))
        try:
            await scene.see(lambda: instance.pid is not None, f"{self.service} is started again")
            next_one = Run(instance)
            await scene.see(lambda: next_one.has_ended, "the predecessor is fenced", _LEAVING_S)
        finally:
            scene.moment.withdraw()
        if not next_one.was_killed or next_one.taken:
            raise Harmless("the predecessor's partitions were taken already")


@dataclass(frozen=True)
class KilledInTransaction(AtItsMoment):
    """kill -9 when the records of a transaction are in Kafka, before it is committed: the next one has to end it."""

    takes_s = 3.0

    @property
    def name(self) -> str:
        return f"{self.service}: kill -9 inside a transaction"

    async def inject(self, scene: Scene) -> None:
        run = Run(scene.stack[self.service])
        async with uncommitted(scene.platform.broker.bootstrap, _OUTPUT[self.service].name) as count:
            scene.moment.give(order(self.service, COMMITTING, signal.SIGKILL))
            try:
                await scene.see(lambda: run.has_ended, f"{self.service} ended")
            finally:
                scene.moment.withdraw()
            left = await count()
        if not run.was_killed or not left:
            raise Harmless(f"{self.service} left no transaction open with records in it")
        scene.seen += left


@dataclass(frozen=True)
class KilledAfterStoring(Fault):
    """kill -9 of the translator when S3 has a clip, and before the record that names it."""

    @property
    def name(self) -> str:
        return "translator: kill -9 between S3 and the announcement"

    async def inject(self, scene: Scene) -> None:
        run = Run(scene.stack["translator"])

        def stored(sent: bytes, _: bytes) -> None:
            if sent.startswith(b"PUT "):
                run.send(signal.SIGKILL)

        scene.to_aws.passed = stored
        try:
            await scene.see(lambda: run.has_ended, "a clip was stored")
        finally:
            scene.to_aws.passed = lambda sent, answered: None
        if not run.was_killed:
            raise Harmless("the translator ended by itself")


@dataclass(frozen=True)
class Rolled(Fault):
    """All four are restarted, one after the other, as a deploy does it."""

    takes_s = 30.0

    @property
    def name(self) -> str:
        return "all: rolling restart"

    @property
    def normal_within_s(self) -> float | None:
        return RECOGNIZED_S

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
    *(KilledInTakeover(service=service) for service in ("transcriber", "translator")),
    *(Scaled(service=service) for service in ("transcriber", "translator")),
    KilledAfterStoring(),
    Frozen(service="transcriber"),
    Frozen(service="translator"),
    Rolled(),
)
