"""Keeps the services running: starts them, starts again what ends, and stops them all."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import structlog

from services.cli.stack.errors import StackError
from services.cli.stack.ports import HOST, require_free
from services.cli.stack.process import POLL_S, Process, base_environment
from services.cli.stack.together import together
from services.common.settings import PREFIX

READY_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0
"""Above a service's own drain limit."""
WRONG_SETTING = 2
"""Exit code of a service that can't work as it is set: starting it again would not help."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 10.0
_GOOD_RUN_S = 30.0
"""After a run this long the waits begin anew."""

log = structlog.get_logger(__name__)


class Instance:
    """One task of a service: the same name, port and environment over all its runs."""

    def __init__(
        self, service: str, number: int, port: int, *, env: Mapping[str, str], log: Path, command: tuple[str, ...] = ()
    ) -> None:
        """env: beyond what every program gets and this process's own ``DRAGOMAN_*``.

        command: ``python -m services.NAME`` unless given.
        """
        self.service = service
        self.number = number
        self.port = port
        self.log = log
        self.restarts = 0
        self._command = command or (sys.executable, "-m", f"services.{service}")
        self._env = {
            **base_environment(PREFIX),
            f"{PREFIX}{service.upper()}_PORT": str(port),
            f"{PREFIX}INSTANCE": str(number),
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return f"{self.service}-{self.number}"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """None while it is down."""
        return self._process.pid if self._process and self._process.exit_code is None else None

    @property
    def given_up(self) -> bool:
        """Whether it ended in a way after which it is not started again."""
        return self._watch is not None and self._watch.done()

    def start(self) -> None:
        """Start it and watch over it. Raises StackError if its port is taken."""
        require_free(self.port, f"{self.service} ({self.name})")
        self._process = self._run()
        self._watch = asyncio.create_task(self._keep_running(self._process), name=f"watch {self.name}")

    async def ready(self, limit_s: float = READY_LIMIT_S) -> None:
        """Return once ``/readyz`` says so. Raises StackError if it gave up or the limit passes."""
        answer = "no answer"
        deadline = time.monotonic() + limit_s
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            while time.monotonic() < deadline:
                if self.given_up:
                    raise StackError(self._why_given_up())
                try:
                    got = await client.get(f"{self.url}/readyz")
                    if got.is_success:
                        return
                    answer = got.text
                except httpx.TransportError:
                    pass
                await asyncio.sleep(POLL_S)
        raise StackError(f"{self.name} was not ready after {limit_s:g} s ({answer}): {self._last_words()}")

    def send(self, what: signal.Signals) -> None:
        """Send the running process a signal: SIGKILL, SIGSTOP, SIGCONT. Raises StackError if it is down."""
        if self._process is None or self._process.exit_code is not None:
            raise StackError(f"{self.name} is not running")
        self._process.send(what)

    async def stop(self, limit_s: float = STOP_LIMIT_S) -> None:
        """Let it drain, then end it for good."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._process is not None:
            await self._process.stop(limit_s)

    async def gave_up(self) -> None:
        """Return never, or raise StackError once it is not started again."""
        if self._watch is None:
            raise StackError(f"{self.name} was never started")
        await asyncio.shield(self._watch)
        raise StackError(self._why_given_up())

    def _why_given_up(self) -> str:
        return f"{self.name} can't run: {self._last_words()}"

    def _last_words(self) -> str:
        return self._process.last_words() if self._process else "it never started"

    def _run(self) -> Process:
        return Process(self.name, self._command, log=self.log, env=self._env)

    async def _keep_running(self, process: Process) -> None:
        """Ends when the service says that its settings are wrong."""
        wait_s = _FIRST_WAIT_S
        while True:
            began = time.monotonic()
            while (code := process.exit_code) is None:  # noqa: ASYNC110 (a process is no event)
                await asyncio.sleep(POLL_S)
            process.kill_group()
            if code == WRONG_SETTING:
                log.info("service_gave_up", name=self.name, reason=process.last_words())
                return
            if time.monotonic() - began >= _GOOD_RUN_S:
                wait_s = _FIRST_WAIT_S
            log.warning("service_ended", name=self.name, code=code, restart_in_s=wait_s, log=str(self.log))
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            self.restarts += 1
            self._process = process = self._run()


class Supervisor:
    """All instances of all services."""

    def __init__(self) -> None:
        self.instances: list[Instance] = []

    def start(self, instance: Instance) -> None:
        """Start it now; it is stopped with the others. Raises StackError if its port is taken."""
        instance.start()
        self.instances.append(instance)

    async def all_ready(self) -> None:
        """Raises StackError for the first that can't be."""
        await together(*(instance.ready() for instance in self.instances))

    async def gave_up(self) -> None:
        """Wait until one of them is not started again, and raise its StackError."""
        await together(*(instance.gave_up() for instance in self.instances))

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """End what is done within once one of them is not started again. Raises its StackError."""
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(self.gave_up())
                yield
                watch.cancel()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    async def stop(self) -> None:
        """Stop all at once, each within its limit."""
        await together(*(instance.stop() for instance in self.instances))
        self.instances.clear()
