"""The worker's side of ``engine_host.py``: one process that holds one engine and answers one call at a time.

``python -m services.common.engine_worker FD PARENT FACTORY``: FD is its end of the pipe, PARENT the process that
it must not outlive, FACTORY an import path ``package.module:callable``.
"""

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from services.common.errors import EngineError, EngineRejected

_PR_SET_PDEATHSIG = 1
_NICENESS = 10


def _let_others_go_first() -> None:
    """Long computing lets the services' many short steps interrupt it, where they share a core.

    A process that is merely nice is left at it for a millisecond or two before another has its turn.
    """
    os.nice(_NICENESS)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a container may forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _die_with(parent: int) -> None:
    """A native call can't notice that its parent is gone, so the kernel does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _load(factory: str) -> Callable[..., Any]:
    module, _, name = factory.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def _attempt(function: Callable[..., Any], *args: Any) -> tuple[Any, EngineError | None]:
    """The function's result, or what to raise in the parent, with the trace as a note."""
    try:
        return function(*args), None
    except EngineError as fault:
        fault.add_note(traceback.format_exc())
        return None, fault
    except Exception as fault:  # whatever an engine raises, it did not like this input
        rejected = EngineRejected(f"{type(fault).__name__}: {fault}")
        rejected.add_note(traceback.format_exc())
        return None, rejected


def main() -> None:
    fd, parent, factory = sys.argv[1:]
    _die_with(int(parent))
    _let_others_go_first()
    for interrupt in (signal.SIGINT, signal.SIGTERM):  # the parent drains first, then kills
        signal.signal(interrupt, signal.SIG_IGN)
    pipe = Connection(int(fd))
    try:
        engine, fault = _attempt(lambda: _load(factory)(*pipe.recv()))
        pipe.send((None, fault))
        while fault is None:
            method, args = pipe.recv()
            pipe.send(_attempt(getattr(engine, method), *args))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent closed its end


if __name__ == "__main__":
    main()
