"""MiniStack without its back doors: a program of MiniStack's own environment, so it imports nothing of ours.

Beside AWS's interfaces MiniStack has paths of its own that ask for no credentials; one of them forgets everything. Any
page that is open in a browser on this machine may send a request there, and once the port is open to a network,
everybody in it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack import app as ministack  # type: ignore[import-not-found]

_HEALTH = "/_ministack/health"
_FORBIDDEN = {"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]}
_serve = ministack.app


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
    ministack.app = _guarded
    ministack.main()
