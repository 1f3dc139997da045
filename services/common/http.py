"""A service's own HTTP server: health, readiness, metrics, and the service's routes once it has started.

``/healthz``: the process runs. ``/readyz``: 200 while every named condition holds, else 503 and which one doesn't.
``/metrics``: Prometheus text. Errors are ``{"code", "message"}`` with a fitting status.
"""

import asyncio
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import prometheus_client
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from services.common.connections import HttpConnection, WebSocketConnection
from services.common.lifecycle import Service
from services.common.settings import SettingsError

MAX_MESSAGE_BYTES = 64 * 1024
"""Longest WebSocket message; a longer one closes the socket with 1009."""
PING_S = 10.0
"""Between pings, and how long an answer may take: a dead peer is noticed within twice this."""
DEAF_PEER_S = 30.0
"""A peer that takes nothing of what was sent for so long is cut off."""
SOCKETS_DRAIN_S = 10.0
"""How long WebSockets may take to close themselves after a stop."""
REQUESTS_DRAIN_S = 5.0
_METHODS = ("GET", "POST", "PATCH", "DELETE")
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
"""What is answered depends on who asks and when, and is never anything but JSON."""

log = structlog.get_logger(__name__)


def json_response(content: object, status: int = 200) -> Response:
    """JSON by msgspec, so structs can be given as they are."""
    return Response(msgspec.json.encode(content), status, _HEADERS, media_type="application/json")


def error_response(status: int, code: str, message: str) -> Response:
    """An error as every route gives it: ``code`` for programs, ``message`` says what to do."""
    return json_response({"code": code, "message": message}, status)


class Server:
    """uvicorn inside the process's TaskGroup. Binds when made.

    Raises SettingsError naming ``port_variable`` if the port is taken. WebSocket routes watch ``service.stopping`` and
    close their own sockets with 1012; the server waits for them before it goes. Pages of ``allowed_origins`` may call
    the routes from a browser; they say who they are in the request, so no cookies are involved.
    """

    def __init__(
        self,
        service: Service,
        *,
        host: str,
        port: int,
        port_variable: str,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        allowed_origins: Sequence[str] = (),
    ) -> None:
        self._service = service
        self._socket = _bind(host, port, port_variable)
        self._app = Starlette(
            routes=[
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
                Route("/metrics", _metrics),
            ],
            exception_handlers={HTTPException: _http_error, Exception: _server_error},
        )
        self._app.router.default = _starting
        # Around everything, so that a page can read a failure too.
        self._answer: ASGIApp = CORSMiddleware(
            self._app,
            allow_origins=allowed_origins,
            allow_methods=_METHODS,
            allow_headers=("authorization", "content-type"),
        )
        self._open_sockets = 0
        self._no_sockets = asyncio.Event()
        self._no_sockets.set()
        self._uvicorn = Uvicorn(
            uvicorn.Config(
                self._count_sockets,
                interface="asgi3",
                http=HttpConnection,
                ws=WebSocketConnection,
                ws_max_size=max_message_bytes,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # whoever needs to know whom a request is from counts our proxies
                timeout_graceful_shutdown=int(REQUESTS_DRAIN_S),
            )
        )

    @property
    def port(self) -> int:
        """The port it is bound to (useful where 0 was asked for)."""
        return int(self._socket.getsockname()[1])

    def add(self, routes: Sequence[BaseRoute]) -> None:
        """Serve these too. Until the first call every path but health's answers 503 ``starting``."""
        self._app.router.routes.extend(routes)
        self._app.router.default = self._app.router.not_found

    async def run(self) -> None:
        """Serve until the service is told to stop and the WebSockets and requests in hand are done or overdue."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._uvicorn.serve(sockets=[self._socket]))
                await self._service.stopping.wait()
                try:
                    await asyncio.wait_for(self._no_sockets.wait(), SOCKETS_DRAIN_S)
                except TimeoutError:
                    log.warning("sockets_overdue", open=self._open_sockets)
                self._uvicorn.should_exit = True
        finally:
            self._socket.close()

    async def _count_sockets(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._answer(scope, receive, send)
            return
        self._open_sockets += 1
        self._no_sockets.clear()
        try:
            await self._serve_socket(scope, receive, send)
        finally:
            self._open_sockets -= 1
            if not self._open_sockets:
                self._no_sockets.set()

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Straight from its route: each layer in between would hold its memory for as long as the socket is open."""
        for route in self._app.router.routes:
            if isinstance(route, WebSocketRoute) and route.path == scope["path"]:
                await route.endpoint(WebSocket(scope, receive, send))
                return
        await self._answer(scope, receive, send)

    async def _healthz(self, _: Request) -> Response:
        return json_response({"service": self._service.name})

    async def _readyz(self, _: Request) -> Response:
        checks = self._service.readiness()
        return json_response({"checks": checks}, 200 if all(checks.values()) else 503)


class Uvicorn(uvicorn.Server):
    """uvicorn as a part of a process that has a life of its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the service's lifecycle."""
        yield


def _bind(host: str, port: int, port_variable: str) -> socket.socket:
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # A connection can't be closed while its peer takes nothing: let the kernel give it up. Sockets inherit this.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(DEAF_PEER_S * 1000))
        return listening
    except OSError as fault:
        reason = os.strerror(fault.errno) if fault.errno else str(fault)
        raise SettingsError(
            f"{port_variable}={port}: can't listen on {host}:{port} ({reason}); free the port or set another"
        ) from fault


async def _metrics(_: Request) -> Response:
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)


async def _starting(scope: Scope, receive: Receive, send: Send) -> None:
    answer = error_response(503, "starting", "the service is starting; try again in a moment")
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(answer)
    else:
        await answer(scope, receive, send)


async def _http_error(_: Request, fault: Exception) -> Response:
    if not isinstance(fault, HTTPException):
        raise fault
    return error_response(fault.status_code, "http_error", fault.detail)


async def _server_error(_: Request, __: Exception) -> Response:
    return error_response(500, "internal", "the service failed; try again")
