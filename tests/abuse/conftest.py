"""Ingest and notifier as processes of their own, for all tests of the package, and strangers who come from addresses of
their own: each of 127.0.0.0/8 leads here.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

from services.cli.stack import Platform, Ports, Stack
from tests.unit.notifier.serving import Ears

HOME = "127.0.0.1"


@dataclass(frozen=True)
class Target:
    """What is attacked, and two speakers of it."""

    stack: Stack
    anna: str
    """An access token."""
    eve: str

    def rest(self, token: str | None = None, address: str = HOME) -> httpx.AsyncClient:
        """Ingest, for whom this token makes one (None: nobody), from this address."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)  # people don't share connections
        transport = httpx.AsyncHTTPTransport(local_address=address, limits=limits)
        return httpx.AsyncClient(base_url=self.stack.ingest_url, headers=headers, transport=transport, timeout=30)

    async def session(self, **more: object) -> dict[str, Any]:
        """One of Anna's."""
        async with self.rest(self.anna) as rest:
            answer = await rest.post("/sessions", json={"title": "A talk", "source_language": "en", **more})
            assert answer.status_code == 201, answer.text
            made: dict[str, Any] = answer.json()
            return made

    def listen(self, address: str = HOME) -> AbstractAsyncContextManager[ClientConnection]:
        """A listener's socket on which nothing was sent."""
        return self._socket(self.stack.notifier_url, "/listen", address)

    def speak(self, address: str = HOME) -> AbstractAsyncContextManager[ClientConnection]:
        """A speaker's socket on which nothing was sent."""
        return self._socket(self.stack.ingest_url, "/speak", address)

    async def refusal(self, socket: ClientConnection, **message: object) -> tuple[str, int]:
        """What this message is answered with, an error and a close: their codes."""
        ears = Ears(socket, patience_s=20)
        await ears.send(**message)
        code, before = await ears.closed()
        return before[-1].get("code", before[-1]["type"]), code

    def _socket(self, url: str, path: str, address: str) -> AbstractAsyncContextManager[ClientConnection]:
        return connect(
            url.replace("http", "ws", 1) + path, proxy=None, compression=None, local_addr=(address, 0), open_timeout=30
        )


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def target(platform: Platform) -> AsyncIterator[Target]:
    nothing_else = {"transcriber": 0, "translator": 0}
    async with Stack(platform, running=True, ports=Ports.free(), instances=nothing_else) as stack:
        yield Target(stack, await platform.sign_in(), await platform.another_speaker("eve@example.org"))
