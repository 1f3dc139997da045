"""uvicorn's connections with limits that it lacks, on peers who send slowly or don't read, and a way to tell many."""

import asyncio
from collections.abc import Callable

import h11
from starlette.websockets import WebSocket
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request

REQUEST_S = 15.0
"""From a connection's opening, or a later request's first byte, until the whole request is there."""
MOST_FRAGMENTS = 1_000
"""Of one message. Empty ones don't count towards its length, but each takes memory."""
_EXTENSION, _ITSELF = "dragoman.connection", "itself"


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
    """Holds nothing for a peer whose handshake can't be read, who never ends a message or never reads.

    An application that has the same to say to thousands can frame it once (``text_frame``) and write it to each of them
    without a task for each: ``connection_of`` its socket.
    """

    when_takes_more: Callable[[], object] | None = None
    """Called when the peer has read enough for ``takes_more``."""
    takes_more = True
    """False while the peer has yet to read what was written before."""

    def write(self, frame: bytes) -> None:
        """Send a whole frame, unless the connection ends. Look at ``takes_more`` before: this doesn't wait."""
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(frame)

    def end_reading(self) -> None:
        """Have the application's ``receive`` say that the peer is gone, whether it is or not."""
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.NO_STATUS_RCVD})

    def start_keepalive(self) -> None:
        """The handshake is done: nothing of it is of use to anybody now, and it takes some KB."""
        super().start_keepalive()
        self.request.headers.clear()  # websockets' parser holds on to it
        del self.request, self.response
        self.scope["headers"] = []

    def pause_writing(self) -> None:
        super().pause_writing()
        self.takes_more = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.takes_more = True
        if self.when_takes_more is not None:
            self.when_takes_more()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"] = {**self.scope["extensions"], _EXTENSION: {_ITSELF: self}}

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


def connection_of(socket: WebSocket) -> WebSocketConnection:
    """What is below an accepted socket."""
    connection: WebSocketConnection = socket.scope["extensions"][_EXTENSION][_ITSELF]
    return connection


def text_frame(text: bytes) -> bytes:
    """A text message (UTF-8) as it goes over the wire."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)
