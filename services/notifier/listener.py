"""One listener's socket: joins in, notices out."""

import asyncio
from dataclasses import dataclass

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.common.addresses import address_of
from services.common.clock import now_ms
from services.common.connections import connection_of
from services.common.contracts import Caption
from services.notifier import messages, metrics
from services.notifier.announcer import Announcer
from services.notifier.hub import Hub
from services.notifier.messages import Fault, Message, Refused
from services.notifier.room import Seat
from services.notifier.rounds import Rounds
from services.notifier.tail import AnyNotice, FellBehind, Notice

log = structlog.get_logger(__name__)

_PACE_S = 0.05
"""Between a listener's messages: each may call for a whole tail, so a flood of them waits in its own socket."""
_ANNOUNCED_S = 1.0
"""Between two looks for an unknown session: one made a moment ago may be known to its speaker before it is here."""
_FAREWELL_S = 1.0
"""For the error and the close frame: a listener that doesn't read gets neither."""


@dataclass(frozen=True)
class Patience:
    """How long a listener is waited for, in seconds."""

    join_s: float
    keep_up_s: float


class Listener:
    """Reads joins in the socket's own task; writes notices whenever there are some, without a task.

    What a socket doesn't take stays in the tail that all share.
    """

    __slots__ = (
        "_address", "_announcer", "_connection", "_hub", "_next", "_overdue", "_patience", "_refused", "_rounds",
        "_seat", "_signing", "_socket", "_woken",
    )  # fmt: skip

    def __init__(
        self,
        socket: WebSocket,
        hub: Hub,
        announcer: Announcer,
        patience: Patience,
        rounds: Rounds,
        proxies: int,
    ) -> None:
        self._socket = socket
        self._address = address_of(socket, proxies)  # an accepted socket knows no headers any more
        self._connection = connection_of(socket)
        self._hub = hub
        self._announcer = announcer
        self._patience = patience
        self._rounds = rounds
        self._seat: Seat | None = None
        self._next: AnyNotice | None = None
        """Taken from the seat, and not sent yet: its URL is being signed."""
        self._signing = False
        self._woken = False
        self._overdue: asyncio.TimerHandle | None = None
        """Runs while the socket doesn't take all that there is."""
        self._refused: Refused | None = None

    def stop(self) -> None:
        """The service restarts: tell the listener and close."""
        self._refuse(Refused(1012, "restart", "the service restarts; connect again and resume"))

    async def serve(self) -> None:
        """Until the listener leaves or has to."""
        await self._socket.accept()
        self._connection.when_takes_more = self._wake
        try:
            await self._read()
        except Refused as refused:
            self._refused = self._refused or refused
        except WebSocketDisconnect:
            pass
        finally:
            self._leave_seat()
            self._note_kept_up()
            self._connection.when_takes_more = None
        if self._refused is not None:
            await self._farewell(self._refused)

    # -- joins in --

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._patience.join_s):
                while self._seat is None:
                    await self._read_one()
        except TimeoutError:
            raise Refused(4400, "no_join", "no join came in time; send one first") from None
        while True:
            await self._read_one()

    async def _read_one(self) -> None:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None:
            raise Refused(4400, "binary", "only text is understood here")
        join = messages.read_join(text)
        if join is not None:
            if not self._hub.knows(join.session, self._address):
                await asyncio.sleep(_ANNOUNCED_S)
            self._leave_seat(moved=True)
            self._seat = self._hub.join(join, self._wake, self._address)
            self._wake()
        await asyncio.sleep(_PACE_S)

    def _leave_seat(self, *, moved: bool = False) -> None:
        if self._seat is not None:
            self._hub.leave(self._seat, moved=moved)
        self._seat = None
        self._next = None

    # -- notices out --

    def _wake(self) -> None:
        """There may be news, and more in the same moment: send them together."""
        if not self._woken:
            self._woken = True
            self._rounds.add(self)

    def send_news(self) -> None:
        """Send what there is, as far as the socket takes it; the rest when it takes more."""
        self._woken = False
        if self._refused is not None or self._signing:
            return
        try:
            while (seat := self._seat) is not None:
                if not self._connection.takes_more:
                    self._await_reading()
                    return
                news = self._next or seat.next(now_ms())
                if news is None:
                    break
                if not self._send(seat, news):
                    return
        except FellBehind:
            self._refuse_late()
            return
        self._note_kept_up()
        if self._seat is not None and self._seat.over:
            self._refuse(Refused(1000, "", ""))

    def _send(self, seat: Seat, news: Message | AnyNotice) -> bool:
        """False: it has to wait for a signature."""
        if not isinstance(news, Notice):
            self._connection.write(self._announcer.message_frame(news))
            metrics.SENT.labels(news.__struct_config__.tag).inc()
            return True
        frame = self._announcer.frame(news, self._signed, history=seat.is_history(news))
        if frame is None:
            self._next, self._signing = news, True
            return False
        self._next = None
        self._connection.write(frame)
        if news.read_at_ms >= seat.taken_at_ms:
            self._announcer.told(news)
        (metrics.SENT_CAPTIONS if isinstance(news.record, Caption) else metrics.SENT_SPEECH).inc()
        return True

    def _signed(self, there_is_a_url: bool) -> None:
        self._signing = False
        if there_is_a_url:
            self._wake()
        else:
            self._refuse(Refused(1013, "unavailable", "speech can't be served now; resume in a while"))

    def _await_reading(self) -> None:
        if self._overdue is None:
            self._overdue = asyncio.get_running_loop().call_later(self._patience.keep_up_s, self._refuse_late)

    def _note_kept_up(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    # -- the end --

    def _refuse_late(self) -> None:
        self._refuse(Refused(4408, "behind", "you didn't read for too long; connect again and resume"))

    def _refuse(self, refused: Refused) -> None:
        """Nothing more is sent but the reason, by the task that reads."""
        if self._refused is None:
            self._refused = refused
            self._connection.end_reading()

    async def _farewell(self, refused: Refused) -> None:
        metrics.CLOSED.labels(str(refused.close)).inc()
        try:
            async with asyncio.timeout(_FAREWELL_S):
                if refused.code:
                    await self._socket.send_text(messages.encode(Fault(refused.code, refused.message)).decode())
                await self._socket.close(refused.close, refused.code)
        except (TimeoutError, WebSocketDisconnect):
            log.info("listener_unreachable", code=refused.code)
