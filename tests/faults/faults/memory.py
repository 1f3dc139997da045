"""A process may have no more memory than it has."""

import asyncio
import contextlib
import resource
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

from services.cli.stack import SERVICES
from services.common.open_files import raise_open_files
from tests.faults.faults.fault import Fault, OfService
from tests.faults.faults.instance import Run
from tests.faults.scene import Scene

_ENDS_S = 60.0
_ASKING = 4000
_REQUEST = b"GET /metrics HTTP/1.1\r\nhost: here\r\nx: " + b"y" * 15_000
"""As much as a request may have, and no end."""


@dataclass(frozen=True)
class Exhausted(OfService):
    """RLIMIT_DATA at half of what it has, while many connect that never end what they ask for, which it has to hold.

    Started again, it has no limit. RLIMIT_AS would let a process with threads go on for long: each has address space of
    its own to grow in.
    """

    @property
    def name(self) -> str:
        return f"{self.service}: memory limit reached"

    async def inject(self, scene: Scene) -> None:
        instance = scene.stack[self.service]
        run = Run(instance)
        least = psutil.Process(run.pid).memory_info().data // 2
        resource.prlimit(run.pid, resource.RLIMIT_DATA, (least, least))
        asking = asyncio.create_task(_ask(instance.url))
        try:
            await scene.see(lambda: run.has_ended, f"{self.service} ended", _ENDS_S)
        finally:
            asking.cancel()


async def _ask(url: str) -> None:
    """Much, and never to an end. Who is turned away comes again."""
    raise_open_files()
    place = urlsplit(url)
    asking: set[asyncio.StreamWriter] = set()
    try:
        while True:
            asking -= {writer for writer in asking if writer.is_closing()}
            if len(asking) < _ASKING:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection(place.hostname, place.port)
                    writer.write(_REQUEST)
                    asking.add(writer)
            await asyncio.sleep(0.002)
    finally:
        for writer in asking:
            writer.transport.abort()


ALL: tuple[Fault, ...] = tuple(Exhausted(service=service) for service in SERVICES)
