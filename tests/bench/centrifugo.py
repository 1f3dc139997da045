"""Centrifugo as a peer: a broadcaster of its own, in Go, given the same messages.

``go install github.com/centrifugal/centrifugo/v6@latest`` builds it. Its listeners use the unidirectional WebSocket,
which is the leaner one. ``python -m tests.bench.centrifugo BOOTSTRAP PORT SESSION`` hands it what comes through Kafka.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import uvloop

from services.cli.clients.notices import Joined, Notice, read_notice
from services.cli.evaluation.load import NOTIFIER, Target
from services.cli.stack.ports import HOST, free_ports, listens
from services.cli.stack.process import Process
from services.common.clock import now_ms
from services.common.contracts import State
from tests.bench.peer import notices

_CHANNEL = "talk"
_UP_S = 20.0


class _Publication(msgspec.Struct, frozen=True):
    data: msgspec.Raw


class _Pushed(msgspec.Struct, frozen=True):
    connect: dict[str, object] | None = None
    pub: _Publication | None = None


class Uni:
    """``Dialect`` of Centrifugo's unidirectional WebSocket."""

    def join(self, session: str, language: str) -> bytes:
        """See ``Dialect.join``."""
        return msgspec.json.encode({"subs": {_CHANNEL: {}}})

    def read(self, message: bytes) -> tuple[Notice, ...]:
        """See ``Dialect.read``."""
        pushed = msgspec.json.decode(message, type=_Pushed)
        if pushed.connect is not None:
            return (Joined("", "", State.LIVE, "pt", "en", 0, now_ms()),)
        notice = read_notice(bytes(pushed.pub.data)) if pushed.pub is not None else None
        return () if notice is None else (notice,)


@asynccontextmanager
async def centrifugo(program: Path, bootstrap: str, session_id: str, place: Path) -> AsyncIterator[Target]:
    """It runs, and is given the talk. What is measured of memory and CPU is Centrifugo's alone."""
    (port,) = free_ports(1)
    config = {
        "http_server": {"address": HOST, "port": port},
        "client": {"insecure": True, "allowed_origins": ["*"]},
        "http_api": {"insecure": True},
        "channel": {"without_namespace": {"allow_subscribe_for_client": True}},
        "uni_websocket": {"enabled": True},
        "log": {"level": "error"},
    }
    (place / "centrifugo.json").write_bytes(msgspec.json.encode(config))
    publishing = (sys.executable, "-m", __name__, bootstrap, str(port), session_id)
    env = dict(os.environ)
    async with AsyncExitStack() as opened:
        server = Process(
            "centrifugo",
            (str(program), "-c", str(place / "centrifugo.json")),
            log=place / "centrifugo.log",
            env=env,
        )
        opened.push_async_callback(server.stop, _UP_S)
        async with asyncio.timeout(_UP_S):
            while not listens(port):  # noqa: ASYNC110 (another process is no event)
                await asyncio.sleep(0.1)
        publisher = Process("publisher", publishing, log=place / "publisher.log", env=env)
        opened.push_async_callback(publisher.stop, _UP_S)
        yield Target(
            f"ws://{HOST}:{port}/connection/uni_websocket",
            session_id,
            lambda: {NOTIFIER: server.pid},
            dialect=f"{__name__}:{Uni.__name__}",
        )


async def _publish(bootstrap: str, port: int, session_id: str) -> None:
    """Hand over all that comes, until killed."""
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) as http:
        async for notice in notices(bootstrap, session_id):
            body = b'{"channel":"%s","data":%s}' % (_CHANNEL.encode(), notice)
            (await http.post("/api/publish", content=body)).raise_for_status()


if __name__ == "__main__":
    uvloop.run(_publish(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
