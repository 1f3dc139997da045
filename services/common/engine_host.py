"""Engines in processes of their own, so that a slow, stuck or crashing native call harms only itself.

    async with EngineHost.open("services.x.local.y:Engine", args=(path,), workers=2, deadline_s=5.0) as host:
        result = await host.call("translate", text)

Each worker loads ``Engine(*args)`` and answers one call at a time; arguments and results must pickle. A worker
that overstays the deadline or dies is killed and replaced, and only its own call fails.

Pebble's ProcessPool was measured for this: 0.3 ms a call, but the pool is lost for good when an idle worker dies.
"""

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import queue
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future, InvalidStateError
from typing import Any

import structlog

from services.common.errors import EngineError, EngineUnavailable

_log = structlog.get_logger(__name__)

_WORKER_MODULE = "services.common.engine_worker"
_BACKLOG_PER_WORKER = 32
_RELOAD_PAUSE_S = 1.0

_Job = tuple["Future[Any]", bytes, float]
"""Where the result goes, the pickled method and arguments, and the deadline in seconds."""


def _timeval(seconds: float) -> bytes:
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))


class _Worker:
    """One process with a loaded engine. Blocking; used by the one thread that attends it."""

    def __init__(self, factory: str) -> None:
        """Raises EngineUnavailable if the machine has no room for a process."""
        try:
            self._pipe, theirs = multiprocessing.Pipe()
            self._socket = socket.socket(fileno=os.dup(self._pipe.fileno()))
            with theirs:
                fd = theirs.fileno()
                command = [sys.executable, "-m", _WORKER_MODULE, str(fd), str(os.getpid()), factory]
                self._process = subprocess.Popen(command, pass_fds=(fd,), stdin=subprocess.DEVNULL)  # noqa: S603
        except OSError as fault:
            raise EngineUnavailable(f"no process for {factory}: {fault}") from fault

    def ask(self, message: bytes, deadline_s: float) -> Any:
        """Raises what the engine raised; EngineUnavailable, with the worker killed, if it did not answer.

        So is one that doesn't even read (a message that doesn't fit into the pipe waits for that), or that stops in its
        answer.
        """
        did = "read"
        try:
            for limit in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
                self._socket.setsockopt(socket.SOL_SOCKET, limit, _timeval(deadline_s))
            self._pipe.send_bytes(message)
            did = "said"
            if not self._pipe.poll(deadline_s):
                raise TimeoutError(f"no answer within {deadline_s:g} s")
            result, fault = self._pipe.recv()
        except BlockingIOError as stuck:
            self.kill()
            raise EngineUnavailable(f"engine worker lost: it has {did} nothing for {deadline_s:g} s") from stuck
        except (OSError, EOFError) as lost:
            self.kill()
            raise EngineUnavailable(f"engine worker lost: {lost or type(lost).__name__}") from lost
        if fault is not None:
            raise fault
        return result

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class EngineHost:
    """A fixed number of workers with the same engine; any of them takes the next call."""

    def __init__(
        self,
        factory: str,
        args: tuple[Any, ...],
        workers: int,
        deadline_s: float,
        wait_s: float,
        load_s: float,
    ) -> None:
        self._factory, self._args = factory, args
        self._deadline_s, self._wait_s, self._load_s = deadline_s, wait_s, load_s
        self._jobs: queue.Queue[_Job | None] = queue.Queue(workers * _BACKLOG_PER_WORKER)
        self._closing = threading.Event()
        self._loaded: list[Future[None]] = [Future() for _ in range(workers)]
        self._workers: dict[int, _Worker] = {}
        self._threads = [
            threading.Thread(target=self._attend, args=(number,), name=f"{factory}-{number}", daemon=True)
            for number in range(workers)
        ]

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        factory: str,
        *,
        args: tuple[Any, ...] = (),
        workers: int = 1,
        deadline_s: float = 5.0,
        wait_s: float = 5.0,
        load_s: float = 60.0,
    ) -> AsyncIterator["EngineHost"]:
        """Ready when every worker has loaded its engine. Raises EngineError if one can't.

        factory: ``package.module:callable``. deadline_s: limit of one call in its worker. wait_s: how much longer
        a call may take because all workers are busy. load_s: limit of loading.
        """
        host = cls(factory, args, workers, deadline_s, wait_s, load_s)
        for thread in host._threads:
            thread.start()
        try:
            await asyncio.gather(*(asyncio.wrap_future(loaded) for loaded in host._loaded))
            yield host
        finally:
            await asyncio.to_thread(host._close)

    async def call(self, method: str, *args: Any, patience: float = 1.0) -> Any:
        """Call the engine's method in a free worker. patience: so many times the deadline.

        Raises EngineUnavailable (deadline, worker died, all busy, too many waiting) or EngineRejected (any
        other exception of the engine). A caller that is cancelled leaves its worker to finish within the deadline.
        """
        job: Future[Any] = Future()
        deadline_s = patience * self._deadline_s
        try:
            self._jobs.put_nowait((job, pickle.dumps((method, args)), deadline_s))
            async with asyncio.timeout(self._wait_s + deadline_s):
                return await asyncio.wrap_future(job)
        except queue.Full:
            raise EngineUnavailable(f"{self._factory}: too many calls are waiting") from None
        except TimeoutError as late:
            raise EngineUnavailable(f"{self._factory}: all workers are busy") from late

    def _attend(self, number: int) -> None:
        """The thread of one worker: keep it loaded, give it one job at a time."""
        loaded = self._loaded[number]
        while not self._closing.is_set():
            try:
                worker = self._workers[number] = _Worker(self._factory)
                worker.ask(pickle.dumps(self._args), self._load_s)
            except EngineError as fault:
                if not loaded.done():
                    loaded.set_exception(fault)
                    return
                _log.error("engine_load_failed", factory=self._factory, error=str(fault))
                self._closing.wait(_RELOAD_PAUSE_S)
                continue
            if not loaded.done():
                loaded.set_result(None)
            self._serve(worker)

    def _serve(self, worker: _Worker) -> None:
        """Until the worker is lost or the host closes."""
        while worker.alive and (item := self._jobs.get()) is not None:
            job, message, deadline_s = item
            if not job.set_running_or_notify_cancel():
                continue
            try:
                job.set_result(worker.ask(message, deadline_s))
            except EngineError as fault:
                job.set_exception(fault)
        worker.kill()
        if not self._closing.is_set():
            _log.warning("engine_worker_replaced", factory=self._factory)

    def _close(self) -> None:
        self._closing.set()
        while True:  # nobody will take these
            try:
                item = self._jobs.get_nowait()
            except queue.Empty:
                break
            if item is not None:
                with contextlib.suppress(InvalidStateError):
                    item[0].set_exception(EngineUnavailable(f"{self._factory}: closed"))
        for _ in self._threads:
            self._jobs.put(None)
        for worker in list(self._workers.values()):
            worker.kill()
        for thread in self._threads:
            thread.join()
