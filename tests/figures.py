"""What a service's ``/metrics`` says, compared with what it said before: all tests of a run share one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.common.http import Server
from services.common.lifecycle import Service

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Figures:
    """Of a running server."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._before: Samples = {}

    async def read(self) -> Samples:
        text = (await self._http.get("/metrics")).text
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def note(self) -> None:
        """From now on ``grown`` tells what has come since."""
        self._before = await self.read()

    async def grown(self, name: str) -> dict[tuple[str, ...], float]:
        """What a counter has gained, where it has, by the values of its labels in the order of their names."""
        now = await self.read()
        return {
            tuple(value for _, value in sorted(labels)): value - self._before.get((found, labels), 0.0)
            for (found, labels), value in now.items()
            if found == name and value != self._before.get((found, labels), 0.0)
        }

    async def value(self, name: str) -> float:
        """Of a gauge without labels."""
        return (await self.read())[name, frozenset()]


@asynccontextmanager
async def figures() -> AsyncIterator[Figures]:
    """Served over HTTP, as every service does."""
    service = Service("test")
    server = Server(service, host="127.0.0.1", port=0, port_variable="PORT")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.run())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as http:
            found = Figures(http)
            await found.note()
            yield found
        service.stopping.set()
