"""A speaker's client: sends floor audio, keeps what Kafka doesn't have yet, and survives a lost connection."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Literal, NoReturn

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from services.cli.clients.connection import (
    ANSWER_S,
    SPEAKER_REFUSALS,
    UNREACHABLE,
    Refused,
    Retries,
    close_code,
    open_socket,
    raise_if_refused,
)
from services.cli.clients.microphone import Captured
from services.cli.clients.uplink import Uplink
from services.common.contracts import State
from services.common.frames import pack

_SILENT = (State.PAUSED, State.MUTED)
_CONTROLS = {State.LIVE: "resume", State.PAUSED: "pause", State.MUTED: "mute"}


class Answer(msgspec.Struct, frozen=True):
    """Any message from ingest; absent fields keep their defaults."""

    type: str
    next_seq: int = 0
    next_sample: int = 0
    missing_ms: float = 0.0
    seq: int = -1
    state: str = State.LIVE
    message: str = ""


class Speaker:
    """One talk of one session. ``run`` once."""

    def __init__(
        self,
        url: str,
        session_id: str,
        token: str,
        floor: AsyncGenerator[Captured, None],
        *,
        end: bool = True,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """url: ingest's socket. end: whether the session ends with the talk. report: told of each trouble."""
        self._url = url
        self._start = {"type": "start", "token": token, "session": session_id}
        self._floor = floor
        self._end = end
        self._report = report
        self._uplink = Uplink()
        self._capturing: asyncio.Task[None] | None = None
        self._captured_all = False
        self._fault: BaseException | None = None
        """Of the floor, which ended with it."""
        self._changed = asyncio.Event()
        self.wanted = State.LIVE
        """What the speaker wants the session to be."""
        self._asked: str = State.LIVE
        """What it will be once ingest has read all that it was sent."""
        self._unanswered = 0
        self._resumes = False
        """Whether it has to be live for what is to be sent next."""
        self._begun = False
        self._next = 0
        self._lost_before = 0
        """Frames of whose loss the speaker was told."""
        self._said: str | None = None
        """Why the connection is about to be closed."""
        self.reconnects = 0

    def toggle(self, silence: Literal[State.PAUSED, State.MUTED]) -> None:
        """Pause or mute; live again if that is what it is. What is captured meanwhile is not heard."""
        self.wanted = State.LIVE if self.wanted is silence else silence
        self._resumes |= self.wanted is State.LIVE
        self._changed.set()

    def finish(self) -> None:
        """Capture nothing more: the talk ends with what was said so far."""
        if self._capturing is not None:
            self._capturing.cancel()

    @property
    def lost_frames(self) -> int:
        """Frames that never reached the service."""
        return self._uplink.lost_frames

    async def run(self) -> None:
        """Speak to the end. Raises Refused, GaveUp, and whatever the floor raises, once what came before is sent; the
        session doesn't end by that."""
        self._capturing = asyncio.create_task(self._capture())
        self._capturing.add_done_callback(self._captured)
        try:
            await self._keep_connected()
        finally:
            self._capturing.cancel()
            await asyncio.wait((self._capturing,))
        if self._fault is not None:
            raise self._fault

    async def _capture(self) -> None:
        async with aclosing(self._floor) as floor:
            async for captured in floor:
                self._take(captured)

    def _take(self, captured: Captured) -> None:
        """Keep it; what the speaker doesn't want heard goes nowhere."""
        if self.wanted is not State.LIVE:
            self._uplink.pass_over(captured)
            return
        lost = self._uplink.lost_frames
        self._uplink.add(captured)
        if self._uplink.lost_frames > lost == self._lost_before:
            self._report("no connection for too long: what is said now is lost, and listeners will be told so")
        elif self._uplink.lost_frames == lost > self._lost_before:
            self._report(f"of the talk {lost - self._lost_before} frames are lost; from now on it is kept again")
            self._lost_before = lost
        self._changed.set()

    def _captured(self, capturing: "asyncio.Task[None]") -> None:
        self._captured_all = True
        self._fault = None if capturing.cancelled() else capturing.exception()
        if self._fault is not None:
            self._end = False  # its speaker may come back
            self._report(f"{self._fault}; what was said before is still sent")
        self._changed.set()

    async def _keep_connected(self) -> None:
        retries = Retries(self._url)
        while self._end or not self._done:
            self._said = None
            try:
                async with open_socket(self._url) as socket:
                    await self._greet(socket)
                    retries.let_in()
                    await self._talk(socket)
                    return
            except ConnectionClosed as closed:
                if self._end and self._done and close_code(closed) in (1000, 4410):
                    return
                raise_if_refused(closed, SPEAKER_REFUSALS, self._said)
                reason = self._said or f"connection lost ({close_code(closed) or 'no close'})"
            except UNREACHABLE as fault:
                reason = str(fault) or type(fault).__name__
            wait_s = retries.lost(reason)
            self.reconnects += 1
            self._report(f"{reason}; connecting again")
            await asyncio.sleep(wait_s)

    @property
    def _done(self) -> bool:
        return self._captured_all and self._uplink.after(0) is None

    async def _greet(self, socket: ClientConnection) -> None:
        start = {**self._start, "next_seq": self._uplink.first_unacknowledged}
        await socket.send(msgspec.json.encode(start).decode())
        async with asyncio.timeout(ANSWER_S):
            while (answer := _read(await socket.recv())).type != "ready":
                if answer.type == "error":
                    self._said = answer.message
        self._begin(answer)

    def _begin(self, ready: Answer) -> None:
        """Go on where ingest says that the session stands."""
        if not self._begun:
            self._begun = True
            self._uplink.begin(ready.next_seq, ready.next_sample)
            if ready.missing_ms:
                self._report(f"{ready.missing_ms / 1000:.1f} s before this are missing; listeners are told so")
        self._next = ready.next_seq
        self._uplink.acknowledge(ready.next_seq - 1)
        self._asked, self._unanswered = ready.state, 0
        self._resumes = self.wanted is State.LIVE or self._uplink.after(self._next) is not None
        if self.wanted is State.LIVE and ready.state in _SILENT:
            self._report(f"the session was {ready.state}; it goes on")

    async def _talk(self, socket: ClientConnection) -> None:
        """Send until all is acknowledged; then end or leave. Raises ConnectionClosed unless it leaves by itself."""
        reading = asyncio.create_task(self._read(socket))
        try:
            while not (self._done or reading.done()):
                self._changed.clear()
                await self._send(socket)
                if not self._done:
                    await self._changed.wait()
            if self._done and not self._end:
                return
            if self._done:
                await socket.send('{"type": "end"}')
            async with asyncio.timeout(ANSWER_S):
                await reading
        finally:
            reading.cancel()
            await asyncio.wait((reading,))

    async def _send(self, socket: ClientConnection) -> None:
        """All that was captured, then what the speaker wants."""
        while True:
            if self._resumes:
                self._resumes = False
                await self._ask(socket, State.LIVE)
            if (frame := self._uplink.after(self._next)) is None:
                break
            await socket.send(pack(frame))
            self._next = frame.seq + 1
        await self._ask(socket, self.wanted)

    async def _ask(self, socket: ClientConnection, state: State) -> None:
        if state != self._asked:
            self._asked = state
            self._unanswered += 1
            await socket.send(msgspec.json.encode({"type": _CONTROLS[state]}).decode())

    async def _read(self, socket: ClientConnection) -> NoReturn:
        """Read answers until the connection closes. Raises ConnectionClosed."""
        try:
            while True:
                answer = _read(await socket.recv())
                if answer.type == "ack":
                    self._uplink.acknowledge(answer.seq)
                    self._changed.set()
                elif answer.type == "state":
                    self._follow(answer.state)
                elif answer.type == "error":
                    self._said = answer.message
        finally:
            self._changed.set()

    def _follow(self, state: str) -> None:
        self._report(f"now {state}")
        if self._unanswered:
            self._unanswered -= 1
        elif state in _CONTROLS:
            self._asked = self.wanted = State(state)  # it was changed elsewhere


def _read(message: str | bytes) -> Answer:
    try:
        return msgspec.json.decode(message, type=Answer)
    except msgspec.DecodeError as fault:
        raise Refused(4400, f"the service sent what this client can't read: {fault}") from fault
