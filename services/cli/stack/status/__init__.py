"""The status page of ``dragoman up``: what the services' ``/readyz`` and ``/metrics`` tell, side by side."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from services.cli.stack.status.figures import Look, Period
from services.cli.stack.status.page import page
from services.cli.stack.supervisor import Instance

PATH = "/status.html"

_HERE = Path(__file__).parent
_ANSWER_S = 2.0
_FRESH_S = 1.0
"""Whoever asks within this gets the same look."""
_LONG_S, _SHORT_S = 60.0, 10.0
"""Figures are of about the last minute; of all since the start while nobody has looked for so short a time."""


class Status:
    """Looks at the services when somebody asks for the page, and remembers for a minute what it saw."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        self._instances = instances
        self._looks: deque[Look] = deque()
        self._looking = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """The page and what belongs to it."""
        return [
            Route(PATH, self._page),
            *(Route(f"/{name}", _file) for name in ("status.css", "status.js")),
        ]

    async def _page(self, _: Request) -> Response:
        async with self._looking:
            if not self._looks or time.monotonic() - self._looks[-1].at_s > _FRESH_S:
                self._looks.append(await self._look())
            while self._looks[-1].at_s - self._looks[0].at_s > _LONG_S:
                self._looks.popleft()
            last, first = self._looks[-1], self._looks[0]
        return HTMLResponse(page(Period(first if last.at_s - first.at_s >= _SHORT_S else None, last)))

    async def _look(self) -> Look:
        async with httpx.AsyncClient(timeout=_ANSWER_S, trust_env=False) as http:
            seen = await asyncio.gather(*(_ask(http, one) for one in self._instances))
        return Look(
            at_s=time.monotonic(),
            checks={one.name: checks for one, (checks, _) in zip(self._instances, seen, strict=True)},
            metrics={one.name: text for one, (_, text) in zip(self._instances, seen, strict=True)},
        )


async def _ask(http: httpx.AsyncClient, one: Instance) -> tuple[dict[str, bool] | None, str]:
    """Its conditions of readiness, and its metrics; None and nothing where it doesn't answer."""
    try:
        ready, metrics = await asyncio.gather(http.get(f"{one.url}/readyz"), http.get(f"{one.url}/metrics"))
        return ready.json()["checks"], metrics.text
    except (httpx.HTTPError, ValueError, KeyError):
        return None, ""


async def _file(request: Request) -> Response:
    return FileResponse(_HERE / request.url.path.removeprefix("/"))
