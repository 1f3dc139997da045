"""The four services on a platform, as one thing to start, harm and stop."""

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self

from services.cli.stack.platform import Platform
from services.cli.stack.ports import Ports, free_ports
from services.cli.stack.supervisor import Instance, Supervisor
from services.cli.stack.together import together
from services.common.kafka import Cluster

SERVICES = ("ingest", "transcriber", "translator", "notifier")
"""In the order of the flow."""


def room(environment: Mapping[str, str], cores: int) -> dict[str, str]:
    """As many talks as the local engines carry on so many cores, one on each, unless the environment says how many.

    A talk more makes all of them late (docs/performance.md).
    """
    if "DRAGOMAN_LIVE_SESSIONS" in environment or environment.get("DRAGOMAN_RECOGNIZER", "local") != "local":
        return {}
    return {"DRAGOMAN_LIVE_SESSIONS": str(cores)}


class Stack:
    """Starts on entering and is ready then; stops what it started on leaving. Raises StackError.

    ::

        async with Stack(Platform(fresh=True), instances={"translator": 2}) as stack:
            token = await stack.platform.sign_in()
            stack["transcriber"].send(signal.SIGKILL)
    """

    def __init__(
        self,
        platform: Platform | None = None,
        *,
        running: bool = False,
        ports: Ports | None = None,
        instances: Mapping[str, int] | None = None,
        env: Mapping[str, str] | None = None,
        commands: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """running: the platform has been started and goes on after this stack. instances: per service, 1 unless given
        (0: not at all). env: for all services, above everything else. commands: what to run as a service, if not it."""
        self.platform = platform or Platform(ports=ports)
        self._platform_runs = running
        self._ports = ports or Ports()
        self._counts = dict.fromkeys(SERVICES, 1) | dict(instances or {})
        self._env = room({**os.environ, **(env or {})}, os.cpu_count() or 1) | dict(env or {})
        self._commands = dict(commands or {})
        self._supervisor = Supervisor()
        self._opened = AsyncExitStack()

    @property
    def instances(self) -> tuple[Instance, ...]:
        """All that were started, in the order of the flow."""
        return tuple(sorted(self._supervisor.instances, key=lambda one: (SERVICES.index(one.service), one.number)))

    def __getitem__(self, service: str) -> Instance:
        """The first instance of a service."""
        return next(one for one in self.instances if one.service == service)

    @property
    def cluster(self) -> Cluster:
        return self.platform.broker.cluster

    @property
    def ingest_url(self) -> str:
        return self["ingest"].url

    @property
    def notifier_url(self) -> str:
        return self["notifier"].url

    def start(self, service: str) -> Instance:
        """Start one more instance of a service, at once."""
        number = sum(one.service == service for one in self._supervisor.instances) + 1
        port = getattr(self._ports, service) if number == 1 else free_ports(1)[0]
        instance = Instance(
            service,
            number,
            port,
            env=self.platform.environment | self._env,
            log=self.platform.logs / f"{service}{'' if number == 1 else f'-{number}'}.log",
            command=self._commands.get(service, ()),
        )
        self._supervisor.start(instance)
        return instance

    async def failed(self) -> None:
        """Keep everything running until something of it can't go on, and raise its StackError."""
        await together(self._supervisor.gave_up(), self.platform.gave_up())

    def watched(self) -> AbstractAsyncContextManager[None]:
        """End what is done within once a service can't go on. Raises its StackError."""
        return self._supervisor.watched()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            if not self._platform_runs:
                await opening.enter_async_context(self.platform)
            opening.push_async_callback(self._supervisor.stop)
            for service in SERVICES:
                for _ in range(self._counts[service]):
                    self.start(service)
            await self._supervisor.all_ready()
            self._opened = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._opened.aclose()
