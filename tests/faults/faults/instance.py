"""One run of an instance, as faults look at it."""

import re
import signal

import psutil

from services.cli.stack import Instance
from tests.faults.moment import TAKEN
from tests.faults.scene import Harmless


class Run:
    """One run of an instance, from now on."""

    def __init__(self, instance: Instance) -> None:
        """Raises Harmless if it is down."""
        process = instance._process
        if process is None or process.exit_code is not None:
            raise Harmless(f"{instance.name} is down already")
        self._process, self._from = process, instance.log.stat().st_size

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.exit_code is not None

    @property
    def was_killed(self) -> bool:
        """kill -9 found it alive."""
        return self._process.exit_code == -signal.SIGKILL

    @property
    def is_stopped(self) -> bool:
        return not self.has_ended and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    @property
    def said(self) -> str:
        """What it has logged since."""
        return self._process.log.read_bytes()[self._from :].decode(errors="replace")

    @property
    def taken(self) -> set[str]:
        """Partitions that it says it has taken over since."""
        return set(re.findall(rf'"partition":(\d+)[^\n]*"{TAKEN}"', self.said))

    def send(self, what: signal.Signals) -> None:
        """No error if it is gone."""
        self._process.send(what)
