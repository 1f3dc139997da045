"""A server that is one process on one port: the broker, the AWS endpoint."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from services.cli.stack.errors import StackError
from services.cli.stack.ports import listens
from services.cli.stack.process import POLL_S, Process


class Server:
    """Started by its subclass, stopped here."""

    def __init__(self, name: str, *, port: int, log: Path, stop_limit_s: float) -> None:
        self.port = port
        self._name = name
        self._log = log
        self._stop_limit_s = stop_limit_s
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The running server, for tests that harm it. Raises StackError before the start."""
        if self._process is None:
            raise StackError(f"{self._name} is not running")
        return self._process

    async def ended(self) -> str:
        """Wait until it ends without having been stopped. Returns how, and what it said last."""
        process = self.process
        while process.exit_code is None:  # noqa: ASYNC110 (a process is no event)
            await asyncio.sleep(POLL_S)
        return f"{self._name} ended with code {process.exit_code}: {process.last_words()}"

    async def stop(self) -> None:
        """Stop it, cleanly if it can. No error if it never started."""
        if self._process is not None:
            await self._process.stop(self._stop_limit_s)
            self._process = None

    async def _run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        limit_s: float,
        serves: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0),
    ) -> None:
        """Return once its port is open and ``serves`` has returned. Raises StackError, and leaves nothing running."""
        self._process = Process(self._name, command, log=self._log, env=env)
        try:
            await self._process.wait_until(lambda: listens(self.port), limit_s)
            await serves()
        except BaseException:
            self._process.kill_group()
            raise
