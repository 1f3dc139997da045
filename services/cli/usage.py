"""What the stack takes of the machine: CPU and memory of each service, its engines' processes counted apart."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psutil

SAMPLE_S = 1.0
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


@dataclass
class UsageWatch:
    """Samples the services' processes by id; a service that starts again goes on under its new id."""

    pids: Callable[[], Mapping[str, int]]
    """Process of each service now."""
    usage: dict[str, Usage] = field(default_factory=dict)
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
        before: dict[int, float] = {}
        for name, pid in self.pids().items():
            usage = self.usage.setdefault(name, Usage())
            try:
                main = psutil.Process(pid)
                children = main.children(recursive=True)
            except psutil.NoSuchProcess:
                continue
            engines_mb = 0.0
            for process in (main, *children):
                try:
                    with process.oneshot():
                        times = process.cpu_times()
                        resident_mb = process.memory_info().rss / _MB
                except psutil.NoSuchProcess:
                    continue
                total = times.user + times.system
                before[process.pid] = total
                since = before if self._before is None else self._before
                self._spent[name, process.pid] = total - since.get(process.pid, 0.0)
                if process.pid == pid:
                    usage.rss_mb = max(usage.rss_mb, resident_mb)
                else:
                    engines_mb += resident_mb
            usage.engines_rss_mb = max(usage.engines_rss_mb, engines_mb)
            usage.cpu_s = sum(spent for (of, _), spent in self._spent.items() if of == name)
        if self._before is None:
            self._before = before
