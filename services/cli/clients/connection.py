"""What both socket clients share: how to connect, when to try again, when to give up."""

import random
from collections.abc import Iterator, Mapping
from time import monotonic

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from services.cli.errors import CliError

UNREACHABLE = (OSError, TimeoutError, InvalidHandshake)
"""What ``open_socket`` raises when nobody answers."""

GIVE_UP_S = 180.0
"""So long without a connection: longer than a broker is gone, and than services then take to start."""

STEADY_S = 5.0
"""Who is let in and closed again sooner than this waits longer each time."""
ANSWER_S = 10.0
"""How long a service may take to let a client in."""
_FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0
_PING_EVERY_S, _DEAD_AFTER_S = 2.0, 10.0
"""A connection that carries nothing any more is left this soon, as the speaker's page does. Longer than ingest waits
for Kafka, when it reads nothing."""
_BROKE_PROTOCOL = "the service says that this client broke the protocol"
_NO_SESSION = "there is no such session"
_ENDED = "the session has ended"

SPEAKER_REFUSALS: Mapping[int, str] = {
    1009: _BROKE_PROTOCOL,
    4400: _BROKE_PROTOCOL,
    4401: "the token is missing, wrong or expired: sign in again",
    4403: "this session belongs to another speaker",
    4404: _NO_SESSION,
    4409: "another speaker took over",
    4410: _ENDED,
    4430: "too many of your sessions are live at once: pause or end one first",
    4431: "as many talks are being interpreted as fit in: try again when one has ended",
}
LISTENER_REFUSALS: Mapping[int, str] = {
    1009: _BROKE_PROTOCOL,
    4400: _BROKE_PROTOCOL,
    4404: _NO_SESSION,
    4406: "this session doesn't have that language",
    4410: _ENDED,
    4429: "too many wrong codes were tried lately: wait a minute, or give the session's id",
}
"""Close codes after which reconnecting is pointless, and what each means (docs/protocol.md)."""


class Refused(CliError):
    """The service won't have us, and trying again would not help. The text says why."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class GaveUp(CliError):
    """No connection for longer than the client waits."""


def open_socket(url: str) -> connect:
    """Connect to a service's WebSocket. Raises any of UNREACHABLE."""
    return connect(
        url,
        compression=None,
        open_timeout=5,
        close_timeout=2,
        ping_interval=_PING_EVERY_S,
        ping_timeout=_DEAD_AFTER_S,
        max_size=2**20,
    )


def waits() -> Iterator[float]:
    """Seconds to wait before each new try: twice as long each time, with full jitter."""
    longest = _FIRST_WAIT_S
    while True:
        yield random.uniform(0.02, longest)  # noqa: S311  (spreads clients, hides nothing)
        longest = min(LONGEST_WAIT_S, 2 * longest)


class Retries:
    """When a client connects again, and when it has been without a connection for too long."""

    def __init__(self, url: str) -> None:
        """url: of the service, for people. There is no connection yet."""
        self._url = url
        self._waits = waits()
        self._without_since = monotonic()
        self._let_in_at: float | None = None

    def let_in(self) -> None:
        """The service has answered: this is a connection. Told again, it changes nothing."""
        self._let_in_at = monotonic() if self._let_in_at is None else self._let_in_at

    def lost(self, reason: str) -> float:
        """A connection was lost, or could not be made: seconds until the next try. Raises GaveUp."""
        now = monotonic()
        if self._let_in_at is not None:
            if now - self._let_in_at > STEADY_S:
                self._waits = waits()
            self._without_since, self._let_in_at = now, None
        if now - self._without_since > GIVE_UP_S:
            raise GaveUp(f"no connection to {self._url} for {GIVE_UP_S:.0f} s: {reason}")
        return next(self._waits)


def raise_if_refused(closed: ConnectionClosed, refusals: Mapping[int, str], said: str | None = None) -> None:
    """Raises Refused where the close code is one of these refusals. said: the service's own words."""
    code = close_code(closed)
    if code is not None and code in refusals:
        raise Refused(code, said or refusals[code]) from closed


def close_code(closed: ConnectionClosed) -> int | None:
    """The peer's close code, if it sent one."""
    return closed.rcvd.code if closed.rcvd else None


def socket_url(base: str, path: str) -> str:
    """``http://host:port`` and ``/listen`` make ``ws://host:port/listen``."""
    url = httpx.URL(base)
    return str(url.copy_with(scheme="wss" if url.scheme == "https" else "ws", path=path))
