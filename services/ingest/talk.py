"""What goes on between ``ready`` and the close of a speaker's socket: frames, acknowledgements, states."""

import asyncio
import contextlib
import time
from dataclasses import replace

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Frame, Mark, Session, State
from services.common.frames import MalformedFrame, WireFrame, unpack
from services.common.kafka import KafkaUnavailable
from services.ingest import metrics
from services.ingest.delivery import Delivery
from services.ingest.floor import OutOfOrder, Position, plausible_capture_ms
from services.ingest.floors import Floor, Hold
from services.ingest.ports import RecordPublisher
from services.ingest.sessions import Change, Sessions
from services.ingest.settings import IngestSettings
from services.ingest.view import Watch

_CHANGES = {
    "pause": (State.PAUSED, Change(state="paused")),
    "mute": (State.MUTED, Change(state="muted")),
    "resume": (State.LIVE, Change(state="live")),
}
_MARKS = {State.PAUSED: Mark.PAUSE, State.MUTED: Mark.MUTE}

log = structlog.get_logger(__name__)


class Closing(Exception):
    """The socket is to be closed with this code; ``name`` and ``message`` tell the client why, if there is a name."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        self.message = message

    @classmethod
    def restart(cls) -> "Closing":
        """This task goes, another serves."""
        return cls(1012, "restart", "the service restarts; connect again at once")

    @classmethod
    def by_client(cls) -> "Closing":
        """It is closed or lost already, so it gets no code from us."""
        return cls(0, "", "the client closed or was lost")

    def as_error(self) -> str:
        """The message before the close."""
        return _json(type="error", code=self.name, message=self.message)


class Control(msgspec.Struct, frozen=True):
    """A speaker's text message after ``ready``; types that are not known are ignored."""

    type: str


class Talk:
    """One connection that holds its session's floor. ``run`` once."""

    def __init__(
        self,
        *,
        socket: WebSocket,
        session: Session,
        sessions: Sessions,
        floor: Floor,
        publisher: RecordPublisher,
        settings: IngestSettings,
    ) -> None:
        """floor: its position is where this talk goes on, and follows what Kafka has."""
        self._socket = socket
        self._session = session
        self._sessions = sessions
        self._floor = floor
        self._settings = settings
        self._state = session.state
        self._changing = asyncio.Lock()
        self._position = replace(floor.position or Position())
        self._position.flows &= session.state is State.LIVE
        self._delivery = Delivery(publisher, window=settings.in_flight_frames, limit_s=settings.kafka_timeout_s)

    async def run(
        self, watch: Watch, hold: Hold, stopping: asyncio.Event, *, next_sample: int, missing_ms: float
    ) -> None:
        """Serve until something ends it, and acknowledge what Kafka still confirms after that.

        next_sample: what the client is told, where a new talk goes on; missing_ms: of the floor before that.
        Raises Closing, WebSocketDisconnect, KafkaUnavailable, StoreUnavailable, Refused, alone or in a group.
        """
        await self._send(
            type="ready",
            next_seq=self._position.next_seq,
            next_sample=next_sample,
            state=self._state,
            **({"missing_ms": missing_ms} if missing_ms else {}),
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read())
                tasks.create_task(self._acknowledge())
                tasks.create_task(self._watch(watch))
                tasks.create_task(raise_when(hold.taken, Closing(4409, "taken_over", "another speaker took over")))
                tasks.create_task(raise_when(stopping, Closing.restart()))
        finally:
            await self._flush()

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.idle_timeout_s):
                    message = await self._socket.receive()
            except TimeoutError:
                if self._state is State.LIVE:
                    raise Closing(4408, "idle", "nothing came for too long; connect again to go on") from None
                continue
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"])
            if (text := message.get("text")) is not None:
                await self._control(text)
            else:
                await self._frame(message["bytes"])

    async def _frame(self, message: bytes) -> None:
        received_at_ms = now_ms()
        try:
            wire = unpack(message)
            missing = self._position.missing_before(wire)
            new = self._position.accepts(wire)
        except (MalformedFrame, OutOfOrder) as fault:
            raise Closing(4400, "frame", str(fault)) from None
        if not self._floor.allowance.takes(wire.samples, time.monotonic()):
            raise Closing(4429, "too_fast", "audio comes faster than it can have been spoken; slow down")
        if not new:
            metrics.FRAMES.labels("repeated").inc()
            await self._delivery.skip(self._position)
        elif self._state is not State.LIVE:
            metrics.FRAMES.labels("dropped").inc()
            await self._delivery.skip(self._position)
        else:
            self._position.flows = True
            self._position.captured_at_ms = plausible_capture_ms(wire.captured_at_ms, received_at_ms)
            metrics.MISSING.inc(missing / SAMPLE_RATE)
            await self._delivery.put(self._record(wire, received_at_ms, missing), self._position)

    def _record(self, wire: WireFrame, received_at_ms: float, missing: int) -> Frame:
        return Frame(
            session_id=self._session.session_id,
            language=self._session.source_language,
            seq=wire.seq,
            first_sample=wire.first_sample,
            captured_at_ms=plausible_capture_ms(wire.captured_at_ms, received_at_ms),
            received_at_ms=received_at_ms,
            pcm=wire.pcm,
            missing_samples=missing,
        )

    async def _control(self, text: str) -> None:
        try:
            control = msgspec.json.decode(text, type=Control)
        except (msgspec.DecodeError, RecursionError) as fault:
            raise Closing(4400, "malformed", f"not a message: {fault}") from None
        if control.type == "end":
            async with self._changing:
                await self._end()
        elif control.type in _CHANGES:
            state, change = _CHANGES[control.type]
            async with self._changing:
                await self._enter(state)
                self._session = await self._sessions.change(self._session, change)
                await self._send(type="state", state=self._state)

    async def _enter(self, state: State) -> None:
        if state in _MARKS:
            self._position.flows = False
            at = now_ms()
            mark = Frame(
                session_id=self._session.session_id,
                language=self._session.source_language,
                seq=self._position.next_seq,
                first_sample=self._position.next_sample,
                captured_at_ms=at,
                received_at_ms=at,
                mark=_MARKS[state],
            )
            await self._delivery.put(mark, self._position)
        self._state = state

    async def _end(self) -> None:
        await self._delivery.drained()
        self._session = await self._sessions.end(self._session)
        self._state = State.ENDED
        await self._send(type="state", state=self._state)
        raise Closing(1000, "", "ended as asked")

    async def _watch(self, watch: Watch) -> None:
        while True:
            session = await watch.next()
            async with self._changing:
                await self._follow(session)

    async def _follow(self, session: Session) -> None:
        """Keep up with what was changed elsewhere: over REST, or by another task."""
        if self._state is State.ENDED:
            return
        if session.state is State.ENDED:
            raise Closing(4410, "session_ended", "the session has ended")
        if session.revision <= self._session.revision:
            return
        if session.speaker != self._session.speaker:
            raise Closing(4409, "taken_over", "another speaker took over")
        self._session = session
        if session.state is not self._state:
            await self._enter(session.state)
            await self._send(type="state", state=session.state)

    async def _acknowledge(self) -> None:
        while True:
            self._floor.position = position = await self._delivery.delivered()
            await self._send_ack(position)

    async def _flush(self) -> None:
        """Tell the client what Kafka has after all, so that it need not come again."""
        with contextlib.suppress(KafkaUnavailable):
            while not self._delivery.empty:
                self._floor.position = position = await self._delivery.delivered()
                with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it may be gone
                    await self._send_ack(position)

    async def _send_ack(self, position: Position) -> None:
        if position.next_seq:
            await self._send(type="ack", seq=position.next_seq - 1)

    async def _send(self, **message: object) -> None:
        await self._socket.send_text(_json(**message))


async def raise_when(event: asyncio.Event, closing: Closing) -> None:
    """Raises Closing once the event is set."""
    await event.wait()
    raise closing


def _json(**message: object) -> str:
    return msgspec.json.encode(message).decode()
