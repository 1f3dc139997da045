"""A service's life: it starts, serves until it is told to stop, drains within a limit, and leaves with a code.

A service is one coroutine function, which opens what it needs and runs its parts in one TaskGroup::

    async def main(service: Service) -> None:
        server = Server(service, host=settings.host, port=settings.port, port_variable="DRAGOMAN_NAME_PORT")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())            # health and metrics are there from the first moment
            async with Publisher.open(...) as publisher:   # may wait for the broker
                server.add(routes(publisher))
                service.started()                       # ready; from here on a stop is a drain
                await parts_that_end_when(service.stopping)

    if __name__ == "__main__":
        run(main, "name", load_or_exit(NameSettings))

Exit codes: 0 stopped as asked, 1 a fault (its supervisor starts it again), 2 a setting that can't work.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import structlog
import uvloop

from services.common import telemetry
from services.common.errors import Fatal, causes
from services.common.kafka import KafkaUnavailable
from services.common.open_files import raise_open_files
from services.common.settings import Settings, SettingsError

DRAIN_S = 25.0
"""From the signal to the hard exit. A container's default stop window is 30 s."""

log = structlog.get_logger(__name__)


class Service:
    """What a running service shares with its parts: when to stop, and whether it can work."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopping = asyncio.Event()
        """Set once, by SIGTERM or SIGINT: take nothing new in, finish what is in hand, return."""
        self._started = False
        self._checks: dict[str, Callable[[], bool]] = {}

    def started(self) -> None:
        """All parts are open. Before this a stop cancels ``main``; after it ``main`` drains and returns."""
        self._started = True
        log.info("service_started")

    def ready_when(self, name: str, check: Callable[[], bool]) -> None:
        """Register a condition of readiness under a name; it is asked often, so it must be cheap."""
        self._checks[name] = check

    def readiness(self) -> dict[str, bool]:
        """Every condition by name; the service is ready while all are true."""
        return {
            "started": self._started,
            "not_stopping": not self.stopping.is_set(),
            **{name: check() for name, check in self._checks.items()},
        }

    @property
    def is_started(self) -> bool:
        return self._started


def run(main: Callable[[Service], Awaitable[None]], name: str, settings: Settings) -> NoReturn:
    """Run the service as this process, and exit with its code."""
    telemetry.configure(name, settings)
    raise_open_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(supervise(main, Service(name)))
    _exit(code)


async def supervise(main: Callable[[Service], Awaitable[None]], service: Service) -> int:
    """Run ``main`` until it returns, fails, or the drain limit passes. Returns the exit code."""
    running = asyncio.ensure_future(main(service))
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_end_without_memory)

    def stop(received: signal.Signals) -> None:
        if service.stopping.is_set():
            return
        log.info("service_stopping", signal=received.name)
        service.stopping.set()
        _exit_after(DRAIN_S)
        if not service.is_started:
            running.cancel()

    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop, one)
    try:
        await running
    except asyncio.CancelledError:
        if not service.stopping.is_set():
            raise
    except Exception as fault:
        return _explain(fault)
    log.info("service_stopped")
    return 0


def _end_without_memory(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What fails in a callback is logged, as always. Without memory every connection would fail so, for ever, in a
    process that seems to live: it ends, and is started again."""
    if isinstance(context.get("exception"), MemoryError):
        with contextlib.suppress(MemoryError):
            log.error("out_of_memory")
        _exit(1)
    loop.default_exception_handler(context)


def _explain(fault: Exception) -> int:
    """Log why the service ends: one line for what is understood, the trace for what isn't."""
    found = list(causes(fault))
    if all(isinstance(cause, SettingsError) for cause in found):
        for cause in found:
            log.error("wrong_setting", reason=str(cause))
        return 2
    if all(isinstance(cause, Fatal | KafkaUnavailable) for cause in found):
        for cause in found:
            log.error("service_failed", reason=str(cause), cause=repr(cause.__cause__ or cause))
        return 1
    log.error("service_failed", reason=repr(found[0]), exc_info=fault)
    return 1


def _exit_after(seconds: float) -> None:
    """A thread, since a loop that is stuck would not fire its own timer."""

    def leave() -> None:
        log.error("drain_limit_passed", limit_s=seconds)
        _exit(1)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def _exit(code: int) -> NoReturn:
    """Not sys.exit: a thread that is stuck in native code must not hold up the exit, nor may a disk that is full."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(code)
