"""One listener's socket: joins in, notices out."""

import asyncio
from dataclasses import dataclass

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.common.clock import now_ms
from services.common.errors import EngineUnavailable
from services.notifier import messages, metrics
from services.notifier.announcer import Announcer
from services.notifier.hub import Hub
from services.notifier.messages import Fault, Refused
from services.notifier.room import Seat
from services.notifier.tail import FellBehind, Notice

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
    """Reads joins and writes notices, each in a task of its own, so that neither waits for the other."""

    def __init__(
        self,
        socket: WebSocket,
        hub: Hub,
        announcer: Announcer,
        patience: Patience,
    ) -> None:
        self._socket = socket
        self._hub = hub
        self._announcer = announcer
        self._patience = patience
        self._seat: Seat | None = None
        self._news = asyncio.Event()
        self._stopping = False

    def stop(self) -> None:
        """The service restarts: tell the listener and close."""
        self._stopping = True
        self._news.set()

    async def serve(self) -> None:
        """Until the listener leaves or has to."""
        refused: Refused | None = None
        await self._socket.accept()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read())
                tasks.create_task(self._write())
        except* Refused as faults:
            refused = next(fault for fault in faults.exceptions if isinstance(fault, Refused))
        except* WebSocketDisconnect:
            pass
        finally:
            self._take_seat(None)
        if refused is not None:
            await self._farewell(refused)

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
            if not self._hub.knows(join.session):
                await asyncio.sleep(_ANNOUNCED_S)
            self._take_seat(None)
            self._take_seat(self._hub.join(join, self._news.set))
            self._news.set()
        await asyncio.sleep(_PACE_S)

    def _take_seat(self, seat: Seat | None) -> None:
        if self._seat is not None:
            self._hub.leave(self._seat)
        self._seat = seat

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._stopping:
                raise Refused(1012, "restart", "the service restarts; connect again and resume")
            try:
                async with asyncio.timeout(self._patience.keep_up_s):
                    await self._send_news()
            except (TimeoutError, FellBehind):
                raise Refused(4408, "behind", "you didn't read for too long; connect again and resume") from None
            except EngineUnavailable as fault:
                log.error("clip_not_signed", reason=str(fault))
                raise Refused(1013, "unavailable", "speech can't be served now; resume in a while") from fault
            if self._seat is not None and self._seat.over:
                raise Refused(1000, "", "")

    async def _send_news(self) -> None:
        while (seat := self._seat) is not None and (news := seat.next(now_ms())) is not None:
            if isinstance(news, Notice):
                history = seat.is_history(news)
                text = await self._announcer.wire(news, history=history)
                await self._socket.send_text(text)
                if news.read_at_ms >= seat.taken_at_ms:
                    self._announcer.told(news)
                metrics.SENT.labels(news.record.__struct_config__.tag).inc()
            else:
                await self._socket.send_text(messages.encode(news))
                metrics.SENT.labels(news.__struct_config__.tag).inc()

    async def _farewell(self, refused: Refused) -> None:
        metrics.CLOSED.labels(str(refused.close)).inc()
        try:
            async with asyncio.timeout(_FAREWELL_S):
                if refused.code:
                    await self._socket.send_text(messages.encode(Fault(refused.code, refused.message)))
                await self._socket.close(refused.close, refused.code)
        except (TimeoutError, WebSocketDisconnect):
            log.info("listener_unreachable", code=refused.code)
