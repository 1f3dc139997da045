"""MiniStack without its back doors: a program of MiniStack's own environment, so it imports nothing of ours.

Beside AWS's interfaces MiniStack has paths of its own that ask for no credentials; one of them forgets everything. Any
page that is open in a browser on this machine may send a request there, and once the port is open to a network,
everybody in it.

It is served by uvicorn: under MiniStack's own choice, Hypercorn, each request takes nearly a millisecond more.
"""

import contextlib
import os
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from ministack.app import app as _serve  # type: ignore[import-not-found]

_HEALTH = "/_ministack/health"
_FORBIDDEN = {"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]}
_IDLE_S = 75
"""Connections that are kept longer than their clients keep them never close under a request."""
_LAST_ANSWERS_S = 2


async def _guarded(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    """No bucket and no user pool has a name that begins with an underscore."""
    if scope["type"] == "http" and scope["path"].startswith("/_") and scope["path"] != _HEALTH:
        await send(_FORBIDDEN)
        await send({"type": "http.response.body"})
        return
    await _serve(scope, receive, send)


if __name__ == "__main__":
    with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
        _, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (_most, _most))
    uvicorn.run(
        _guarded,
        host=os.environ["BIND_HOST"],
        port=int(os.environ["GATEWAY_PORT"]),
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # MiniStack writes its own
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
    )
