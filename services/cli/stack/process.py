"""A program of ours: it never outlives us, and what it prints goes to a log file."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from services.cli.stack.errors import StackError

POLL_S = 0.05

_LOG_BYTES = 20_000_000
"""A longer log is set aside at the start of the next run."""

_UNLESS_ORPHANED = '[ "$PPID" = "$0" ] && exec "$@"'
"""We may have died before the kernel was asked to kill it for that."""


class Process:
    """One run of a program, in a process group of its own so that Ctrl-C reaches only us.

    Made and asked from any event loop or none. Must be started from a thread that lives on, since the kernel
    kills it when that thread ends.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path | None = None
    ) -> None:
        """env: all that the program gets, nothing is inherited. log: appended to."""
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as sink:
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "sh", "-c", _UNLESS_ORPHANED, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                # Not a session of its own: between sessions Linux shares the cores out evenly, and that an engine lets
                # others go first counts for nothing.
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll()

    def send(self, what: signal.Signals) -> None:
        """Send the program itself a signal; no error if it is gone."""
        self._popen.send_signal(what)

    async def stop(self, limit_s: float) -> None:
        """Ask it to end, and kill it with all its children after the limit."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        deadline = time.monotonic() + limit_s
        try:
            while self.exit_code is None and time.monotonic() < deadline:  # noqa: ASYNC110 (a process is no event)
                await asyncio.sleep(POLL_S)
        finally:
            self.kill_group()

    def kill_group(self) -> None:
        """End it and every child that it left, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    async def wait_until(self, ready: Callable[[], bool], limit_s: float) -> None:
        """Raises StackError, with what it said last, if it ends or isn't ready within the limit."""
        try:
            async with asyncio.timeout(limit_s):
                while not ready():
                    if self.exit_code is not None:
                        raise StackError(f"{self.name} ended with code {self.exit_code}: {self.last_words()}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise StackError(f"{self.name} was not ready after {limit_s:g} s; see {self.log}") from None

    def last_words(self) -> str:
        """The end of its log, and where the log is."""
        return f"{last_line(self.log) or 'it said nothing'} (see {self.log})"


def last_line(log: Path) -> str:
    """The last line that is not empty."""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 4096))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def base_environment(*prefixes: str) -> dict[str, str]:
    """What a program of ours inherits: how to find programs and write text, and variables with one of the prefixes."""
    kept = (
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "LC_ALL",
        "TZ",
        "TMPDIR",
        "JAVA_HOME",
        "LD_LIBRARY_PATH",
        "OPENBLAS_CORETYPE",
    )
    return {name: value for name, value in os.environ.items() if name in kept or name.startswith(prefixes)}
