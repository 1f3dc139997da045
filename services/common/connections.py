"""uvicorn's connections with the limits that it lacks: on peers who send slowly, or don't read what they are sent."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

REQUEST_S = 15.0
"""From a connection's opening, or a later request's first byte, until the whole request is there."""
MOST_FRAGMENTS = 1_000
"""Of one message. Empty ones don't count towards its length, but each takes memory."""


class HttpConnection(H11Protocol):
    """Closes a connection whose request doesn't come: some thousands of them would leave no room for others."""

    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._follow_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._follow_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._await_nothing()

    def _follow_request(self) -> None:
        handed_on = self not in self.connections  # to a WebSocket, in the middle of data_received
        if handed_on or self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._await_nothing()
        elif self._overdue is None:
            self._overdue = self.loop.call_later(REQUEST_S, self.transport.close)

    def _await_nothing(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Holds nothing for a peer whose handshake can't be read, who never ends a message or never reads."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_ping(self) -> None:
        answers = self.conn.data_to_send()
        if self.writable.is_set():
            self.transport.write(b"".join(answers))

    def handle_cont(self, event: Frame) -> None:
        super().handle_cont(event)
        if len(self.frames) > MOST_FRAGMENTS and not self.close_sent:
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            self.handle_parser_exception()
