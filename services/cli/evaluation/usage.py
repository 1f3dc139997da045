"""What the stack takes of the machine: CPU and memory of each service, its engines' processes counted apart."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import psutil

SAMPLE_S = 2.0
_MINUTE_S = 60.0
_MB = 1024 * 1024


@dataclass
class Usage:
    """Of one service while it was watched."""

    rss_mb: float = 0.0
    """Most that its own process held at once."""
    engines_rss_mb: float = 0.0
    """Most that its engines' processes held."""
    cpu_s: float = 0.0
    """Both together, since watching began."""
    mb_by_minute: list[float] = field(default_factory=list)
    """What both held at the end of each minute since then; the last minute may be short."""


@dataclass
class UsageWatch:
    """Samples the services' processes by id; a service that starts again goes on under its new id."""

    pids: Callable[[], Mapping[str, int]]
    """Process of each service now."""
    usage: dict[str, Usage] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    """Seconds."""
    _began_s: float | None = None
    _before: dict[int, float] | None = None
    """CPU seconds of each process when watching began."""
    _spent: dict[tuple[str, int], float] = field(default_factory=dict)

    async def run(self) -> None:
        """Sample until cancelled, and once more then."""
        try:
            while True:
                await asyncio.to_thread(self.sample)
                await asyncio.sleep(SAMPLE_S)
        finally:
            self.sample()

    def sample(self) -> None:
        """Look once. Processes that are gone keep what they had spent."""
        children = _children()
        now_s = self.clock()
        self._began_s = now_s if self._began_s is None else self._began_s
        minute = int((now_s - self._began_s) // _MINUTE_S)
        before: dict[int, float] = {}
        for name, pid in self.pids().items():
            usage = self.usage.setdefault(name, Usage())
            own_mb = engines_mb = 0.0
            for one in (pid, *_descendants(pid, children)):
                try:
                    process = psutil.Process(one)
                    times, resident_mb = process.cpu_times(), process.memory_info().rss / _MB
                except psutil.NoSuchProcess:
                    continue
                before[one] = times.user + times.system
                since = before if self._before is None else self._before
                self._spent[name, one] = before[one] - since.get(one, 0.0)
                if one == pid:
                    own_mb = resident_mb
                else:
                    engines_mb += resident_mb
            usage.rss_mb = max(usage.rss_mb, own_mb)
            usage.engines_rss_mb = max(usage.engines_rss_mb, engines_mb)
            del usage.mb_by_minute[minute:]
            usage.mb_by_minute += [own_mb + engines_mb] * (minute + 1 - len(usage.mb_by_minute))
            usage.cpu_s = sum(spent for (of, _), spent in self._spent.items() if of == name)
        if self._before is None:
            self._before = before


def _children() -> dict[int, list[int]]:
    """By parent, of all processes: one look for all services."""
    found: dict[int, list[int]] = {}
    for process in psutil.process_iter():
        try:
            found.setdefault(process.ppid(), []).append(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def _descendants(pid: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    for child in children.get(pid, ()):
        yield child
        yield from _descendants(child, children)
