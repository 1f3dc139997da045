"""``/speak``: the speaker's socket, from ``start`` to its close. The protocol is in ``docs/protocol.md``."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Session, State
from services.common.errors import causes
from services.common.kafka import KafkaUnavailable
from services.ingest import metrics
from services.ingest.floor import Position
from services.ingest.floors import Floors
from services.ingest.ports import AudioLog, RecordPublisher, StoreUnavailable
from services.ingest.refused import Refused
from services.ingest.sessions import Sessions
from services.ingest.settings import IngestSettings
from services.ingest.talk import Closing, Talk, raise_when
from services.ingest.tokens import KeysUnavailable, TokenRejected, Tokens
from services.ingest.view import SessionView

_CLOSE_S = 2.0
_SOCKET_CODES = {403: 4403, 404: 4404, 410: 4410, 429: 4430, 503: 4431}

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Start(msgspec.Struct, frozen=True, tag="start"):
    """A speaker's first message."""

    session: str
    token: str = ""
    next_seq: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    """Half of what a frame's number can be: the rest is more than can come, so that numbers never run out."""


@dataclass(frozen=True)
class SpeakerEndpoint:
    """Serves every speaker's socket of this task; each is on its own."""

    tokens: Tokens
    sessions: Sessions
    floors: Floors
    view: SessionView
    publisher: RecordPublisher
    audio: AudioLog
    settings: IngestSettings
    stopping: asyncio.Event

    async def serve(self, socket: WebSocket) -> None:
        """One socket. Ends when it is closed."""
        await socket.accept()
        with metrics.SOCKETS.track_inprogress():
            closing = await self._serve(socket)
            metrics.CLOSED.labels(closing.code or "client").inc()
            log.info("speaker_left", code=closing.code, reason=closing.message)
            if not closing.code:
                return
            try:
                async with asyncio.timeout(_CLOSE_S):
                    if closing.name:
                        await socket.send_text(closing.as_error())
                    await socket.close(closing.code)
            except (WebSocketDisconnect, RuntimeError, TimeoutError):
                pass  # it went first

    async def _serve(self, socket: WebSocket) -> Closing:
        try:
            if self.stopping.is_set():
                raise Closing.restart()
            start = await self._receive_start(socket)
            session = await _undisturbed(socket, self._admit(start))
            structlog.contextvars.bind_contextvars(session=session.session_id)  # a socket is a task of its own
            await self._talk(socket, start, session)
        except Exception as fault:
            # Of several things that ended it at once, what we decided comes before what was lost.
            found = sorted(causes(fault), key=lambda cause: not isinstance(cause, Closing))
            closings = [closing for cause in found if (closing := _as_closing(cause)) is not None]
            if len(closings) < len(found):
                raise
            return closings[0]
        raise AssertionError("a talk ends by raising")

    async def _receive_start(self, socket: WebSocket) -> Start:
        try:
            async with asyncio.timeout(self.settings.start_timeout_s), asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(raise_when(self.stopping, Closing.restart()))
                text = await _receive_text(socket)
                watching.cancel()
        except TimeoutError:
            raise Closing(4408, "no_start", "no start message came in time") from None
        try:
            return msgspec.json.decode(text, type=Start)
        except (msgspec.DecodeError, RecursionError) as fault:
            raise Closing(4400, "malformed", f"the first message must be a start: {fault}") from None

    async def _admit(self, start: Start) -> Session:
        speaker = await self.tokens.verify(start.token)
        session = await self.sessions.owned(start.session, speaker.subject)
        if session.state is State.ENDED:
            raise Refused(410, "session_ended", "this session has ended")
        return session

    async def _talk(self, socket: WebSocket, start: Start, session: Session) -> None:
        async with self.floors.held(session) as (floor, hold):
            with self.view.watch(session.session_id) as watch:
                was = session
                session = await self.sessions.take_floor(session, hold.name)
                if floor.position is None and was.state is not State.CREATED:
                    # Only now: whoever speaks at another task is being told to leave.
                    floor.position = await self.audio.position(session)
                known = self.floors.position(was)
                knows_nothing = was.state is State.LIVE and start.next_seq == 0 < known.next_seq
                next_sample = known.begins_anew(now_ms()) if knows_nothing else known.next_sample
                missing_ms = (next_sample - known.next_sample) * 1000 / SAMPLE_RATE
                floor.spoken_by = hold.name
                # Where nobody knows the floor, a client that comes back knows better where it goes on.
                floor.position = floor.position or Position(unknown=was.state is not State.CREATED)
                floor.position.next_seq = max(floor.position.next_seq, start.next_seq)
                log.info("speaker_joined", connection=hold.name, next_seq=floor.position.next_seq)
                talk = Talk(
                    socket=socket,
                    session=session,
                    sessions=self.sessions,
                    floor=floor,
                    publisher=self.publisher,
                    settings=self.settings,
                )
                await talk.run(watch, hold, self.stopping, next_sample=next_sample, missing_ms=missing_ms)


async def _undisturbed(socket: WebSocket, work: Awaitable[T]) -> T:
    """Do this while nothing may come. Raises Closing if something does, WebSocketDisconnect if the socket goes."""
    working = asyncio.ensure_future(work)
    early = asyncio.ensure_future(socket.receive())
    try:
        await asyncio.wait((working, early), return_when=asyncio.FIRST_COMPLETED)
        if early.done():
            if early.result()["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(early.result()["code"])
            raise Closing(4400, "early", "nothing may be sent between start and ready")
        return await working
    finally:
        for task in (working, early):
            task.cancel()
        await asyncio.gather(working, early, return_exceptions=True)


async def _receive_text(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    text: str | None = message.get("text")
    if text is None:
        raise Closing(4400, "malformed", "the first message must be a start, as text")
    return text


def _as_closing(cause: BaseException) -> Closing | None:
    """How the socket ends because of this; None for what nobody foresaw."""
    match cause:
        case Closing():
            return cause
        case WebSocketDisconnect() | WebSocketDisconnected():  # the latter to whoever sends after the first to notice
            return Closing.by_client()
        case TokenRejected():
            return Closing(4401, "token", str(cause))
        case Refused() if cause.status in _SOCKET_CODES:
            return Closing(_SOCKET_CODES[cause.status], cause.code, cause.message)
        case Refused() | KafkaUnavailable() | StoreUnavailable() | KeysUnavailable() | TimeoutError():
            log.warning("speaker_held_up", reason=str(cause) or type(cause).__name__)
            return Closing(1013, "unavailable", "the service can't take audio now; connect again in a moment")
    return None
