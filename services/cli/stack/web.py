"""The speaker's and the listener's web apps, served on one machine with the way to its services."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.cli.stack.aws_endpoint import REGION
from services.cli.stack.errors import StackError
from services.cli.stack.ports import HOST, Ports, listen
from services.cli.stack.provision import Provisioned
from services.common.connections import HttpConnection
from services.common.http import Uvicorn, json_response

BUILT = Path(__file__).resolve().parents[3] / "frontend" / "dist"
PAGES = ("speaker.html", "listener.html")

_DEVELOPMENT = "http://127.0.0.1:18079"
"""Vite's server, as set in ``frontend/vite.config.ts``."""
_HASHED = "assets/"
"""What is in this folder has the hash of its content in its name."""


class Cognito(msgspec.Struct, frozen=True, kw_only=True):
    """Where speakers sign in."""

    region: str
    user_pool_id: str
    client_id: str
    endpoint: str


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """``config.json``, which the pages read before anything else."""

    ingest: str
    notifier: str
    cognito: Cognito
    listener: str
    """The listeners' page, for the speaker's to invite to."""


@dataclass(frozen=True)
class Door:
    """Where browsers find the stack: an address of this machine, and the stack's own ports."""

    address: str = HOST
    ports: Ports = field(default_factory=Ports)

    @property
    def speaker_page(self) -> str:
        """On this very machine, since browsers give a microphone only to pages of localhost or by https."""
        return f"http://{HOST}:{self.ports.web}/speaker.html"

    @property
    def listener_page(self) -> str:
        return f"http://{self.address}:{self.ports.web}/listener.html"

    @property
    def clips(self) -> str:
        return f"http://{self.address}:{self.ports.aws}"

    @property
    def environment(self) -> dict[str, str]:
        """What the services must know of it."""
        origins = (*(f"http://{host}:{self.ports.web}" for host in {HOST, "localhost", self.address}), _DEVELOPMENT)
        return {"DRAGOMAN_ALLOWED_ORIGINS": ",".join(origins), "DRAGOMAN_CLIPS_ENDPOINT": self.clips}

    def config(self, provisioned: Provisioned) -> Config:
        return Config(
            ingest=f"http://{self.address}:{self.ports.ingest}",
            notifier=f"ws://{self.address}:{self.ports.notifier}",
            cognito=Cognito(
                region=REGION,
                user_pool_id=provisioned.pool_id,
                client_id=provisioned.client_id,
                endpoint=f"http://{self.address}:{self.ports.aws}",
            ),
            listener=self.listener_page,
        )


def require_built(folder: Path = BUILT) -> None:
    """Raises StackError unless both pages are there."""
    if not all((folder / page).exists() for page in PAGES):
        raise StackError(f"the web apps are not in {folder}: run 'make setup'")


@asynccontextmanager
async def served(
    config: Config,
    clips: str,
    port: int,
    folder: Path = BUILT,
    host: str = HOST,
    more: Sequence[BaseRoute] = (),
) -> AsyncIterator[None]:
    """Serve the built pages within the block. Raises StackError.

    clips: origin of the clips' URLs. more: served beside them.
    """
    require_built(folder)
    with listen(host, port, "the web apps' server") as socket:
        server = Uvicorn(
            uvicorn.Config(
                web_app(config, clips, folder, more),
                http=HttpConnection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[socket]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def web_app(config: Config, clips: str, folder: Path, more: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The pages' files and ``config.json``, each with the headers that a browser should see."""

    async def configuration(_: Request) -> Response:
        return json_response(config)

    async def start(_: Request) -> Response:
        return RedirectResponse("listener.html")

    routes = [
        Route("/", start),
        Route("/config.json", configuration),
        *more,
        Mount("/", StaticFiles(directory=folder)),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(GZipMiddleware)])
    headers = {
        "content-security-policy": _policy(config, clips),
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "microphone=(self)",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return _with_headers(app, headers)


def _policy(config: Config, clips: str) -> str:
    """Nothing from elsewhere, nothing inline, and connections to the services alone."""
    speak = config.ingest.replace("http", "ws", 1)
    connect = " ".join(dict.fromkeys((config.ingest, speak, config.notifier, config.cognito.endpoint, clips)))
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src 'self' {connect}",
            "img-src 'self' data:",
            "media-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _with_headers(app: ASGIApp, headers: Mapping[str, str]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        lasting = scope["path"].startswith(f"/{_HASHED}")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = message["status"] == 200
                kept = "public, max-age=31536000, immutable" if lasting and found else "no-cache"
                MutableHeaders(scope=message).update({**headers, "cache-control": kept})
            await send(message)

        await app(scope, receive, sending)

    return answer
