"""Many listeners in one process, each little more than its socket, so that they take little of what they measure.

What is told to many is decoded once. When it came is the kernel's own time stamp of its arrival where there is one
(Linux, without TLS): a process that is late to read from its thousands of sockets makes no figure worse then.
"""

import asyncio
import contextlib
import random
import socket
import ssl
import struct
import sys
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from websockets.client import ClientProtocol
from websockets.uri import WebSocketURI, parse_uri
from yarl import URL

from services.cli.clients import wire
from services.cli.clients.notices import CaptionNotice, ErrorNotice, Joined, SpeechNotice, read_notice
from services.common import stages
from services.common.clock import now_ms

_JOIN_S = 30.0
"""From the connection's beginning to the answer ``joined``."""
_JOINING = 64
"""Listeners that are on their way in at once."""
_TOLD_KEPT = 512
_FETCHES = 16
_FETCH_S = 10.0
_CLIPS_WAITING = 1_000
_READ_BYTES = 65_536
_STAMPS = sys.platform == "linux"
_SO_TIMESTAMPNS = 35
"""Of Linux; Python has no name for it."""
_STAMP = struct.Struct("qq")


class Grown(msgspec.Struct, frozen=True):
    """What became of those who were to join."""

    listeners: int
    """In all, now."""
    join_ms: list[float]
    """Of each that joined: from the connection's beginning to the answer."""
    refused: dict[str, int]
    """How many did not, by what they were told."""


class Heard(msgspec.Struct, frozen=True):
    """What the listeners were told in some time."""

    delays_ms: list[float]
    """Of each notice to each listener: from its record's publication to its arrival."""
    lost: int
    """Captions that were left out."""
    repeated: int
    """Captions and speech that came again, or too late."""
    closed: dict[str, int]
    """Connections that ended, by close code."""
    clips_ms: list[float]
    """Of each clip that was fetched: from its notice to its last byte."""
    unfetched: int


class NotJoined(Exception):
    """The message says why."""


class _Told(msgspec.Struct, frozen=True):
    """What of a notice is measured."""

    speech: bool
    index: int
    published_at_ms: float
    url: str | None = None


class Crowd:
    """Listeners of one session. Use as a context manager."""

    def __init__(self, url: str, session: str, languages: Sequence[str], fetch_share: float) -> None:
        """url: the notifier's socket. languages: each listener takes the next. fetch_share: of them, to fetch clips."""
        self._uri = parse_uri(url)
        self._session = session
        self._languages = languages
        self._fetch_share = fetch_share
        self._ears: set[_Ear] = set()
        self._number = 0
        self._told: dict[bytes, _Told] = {}
        self._offset = _Offset()
        self._clips: asyncio.Queue[tuple[str, float]] = asyncio.Queue(_CLIPS_WAITING)
        self._fetchers: list[asyncio.Task[None]] = []
        self._forget()

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_FETCH_S))
        self._fetchers = [asyncio.create_task(self._fetch()) for _ in range(_FETCHES)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fetcher in self._fetchers:
            fetcher.cancel()
        await asyncio.wait(self._fetchers)
        for ear in list(self._ears):
            ear.close()
        await self._http.close()

    async def grow(self, listeners: int, per_s: float) -> Grown:
        """Have so many in all; so many a second set out to join."""
        clock = asyncio.get_running_loop().time
        join_ms: list[float] = []
        refused: Counter[str] = Counter()
        places = asyncio.Semaphore(_JOINING)

        async def one() -> None:
            began_ms = now_ms()
            try:
                await self._join()
                join_ms.append(round(now_ms() - began_ms, 2))
            except NotJoined as fault:
                refused[str(fault)] += 1
            finally:
                places.release()

        began = clock()
        async with asyncio.TaskGroup() as tasks:
            for number in range(listeners - len(self._ears)):
                await places.acquire()
                await asyncio.sleep(max(0.0, began + number / per_s - clock()))
                tasks.create_task(one())
        return Grown(len(self._ears), join_ms, dict(refused))

    async def hear(self, seconds: float) -> Heard:
        """Measure for so long."""
        self._forget()
        await asyncio.sleep(seconds)
        offset_ms = self._offset.ms
        return Heard(
            [round(delay + offset_ms, 2) for delay in self._delays_ms],
            self._lost,
            self._repeated,
            dict(self._closed),
            self._clips_ms,
            self._unfetched,
        )

    def _forget(self) -> None:
        self._delays_ms: list[float] = []
        self._lost = self._repeated = self._unfetched = 0
        self._closed: Counter[str] = Counter()
        self._clips_ms: list[float] = []

    async def _join(self) -> None:
        ear = _Ear(self, fetches=random.random() < self._fetch_share)  # noqa: S311  (a sample)
        language = self._languages[self._number % len(self._languages)]
        self._number += 1
        join = msgspec.json.encode({"type": "join", "session": self._session, "language": language})
        try:
            async with asyncio.timeout(_JOIN_S):
                await ear.join(self._uri, join)
        except TimeoutError:
            ear.close()
            raise NotJoined(f"no answer within {_JOIN_S:.0f} s") from None
        except OSError as fault:
            ear.close()
            raise NotJoined(fault.strerror or str(fault)) from fault
        except BaseException:
            ear.close()
            raise
        self._ears.add(ear)

    async def _fetch(self) -> None:
        while True:
            url, noticed_at_ms = await self._clips.get()
            try:
                async with self._http.get(URL(url, encoded=True)) as answer:
                    answer.raise_for_status()
                    await answer.read()
                self._clips_ms.append(round(now_ms() - noticed_at_ms, 2))
            except (aiohttp.ClientError, TimeoutError):
                self._unfetched += 1

    # -- told by its listeners --

    def answered(self, sent_at_ms: float, server_at_ms: float, at_ms: float) -> None:
        """The server told the time, in answer to what was sent."""
        self._offset.learn(server_at_ms - at_ms, server_at_ms - sent_at_ms)

    def told(self, payload: bytes) -> _Told | None:
        """What is measured of a notice, decoded once; None: nothing. Raises NotJoined for an error."""
        told = self._told.get(payload)
        if told is not None:
            return told
        notice = read_notice(payload)
        match notice:
            case CaptionNotice():
                told = _Told(False, notice.index, _published_at_ms(notice))
            case SpeechNotice():
                told = _Told(True, notice.index, _published_at_ms(notice), notice.url)
            case ErrorNotice():
                raise NotJoined(notice.message)
            case _:
                return None
        if len(self._told) >= _TOLD_KEPT:
            self._told.clear()
        self._told[payload] = told
        return told

    def heard(self, told: _Told, at_ms: float, fetches: bool) -> None:
        """A listener was told something that is new."""
        self._delays_ms.append(at_ms - told.published_at_ms)
        if fetches and told.url is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._clips.put_nowait((told.url, now_ms()))

    def missed(self, lost: int, repeated: int) -> None:
        """A listener was told too little, or too much."""
        self._lost += lost
        self._repeated += repeated

    def gone(self, ear: "_Ear", why: str) -> None:
        """A listener that had joined has lost its connection."""
        if ear in self._ears:
            self._ears.remove(ear)
            self._closed[why] += 1


class _Ear(asyncio.Protocol):
    """One listener."""

    def __init__(self, crowd: Crowd, *, fetches: bool) -> None:
        self._crowd = crowd
        self._fetches = fetches
        self._rest = b""
        self._next_caption: int | None = None
        self._next_speech = 0
        self._joined_at_ms = float("inf")
        self._sent_at_ms = 0.0
        self._close_code = "1006"
        self._handshake: ClientProtocol | None = None
        self._answer: asyncio.Future[None] | None = None
        self._socket: socket.socket | None = None
        self._transport: asyncio.Transport | None = None

    async def join(self, uri: WebSocketURI, join: bytes) -> None:
        """Return once it has joined. Raises NotJoined, OSError."""
        loop = asyncio.get_running_loop()
        self._handshake = ClientProtocol(uri)
        if _STAMPS and not uri.secure:
            self._socket = await _connected(uri)
            loop.add_reader(self._socket, self._readable, self._socket)
        else:
            context = ssl.create_default_context() if uri.secure else None
            await loop.create_connection(lambda: self, uri.host, uri.port, ssl=context)
        self._handshake.send_request(self._handshake.connect())
        self._answer = loop.create_future()
        self._send(b"".join(self._handshake.data_to_send()))
        await self._answer
        answer = self._answer = loop.create_future()
        self._sent_at_ms = now_ms()
        self._send(wire.frame_from_client(wire.TEXT, join))
        await answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    # -- a connection of asyncio's --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._take(data, now_ms())

    def connection_lost(self, _: Exception | None) -> None:
        self._lost()

    # -- a socket of our own, whose data the kernel stamps --

    def _readable(self, own: socket.socket) -> None:
        try:
            data, stamps, _, _ = own.recvmsg(_READ_BYTES, 64)
        except BlockingIOError:
            return
        except OSError:
            data, stamps = b"", []
        if data:
            self._take(data, _at_ms(stamps[0][2]) if stamps else now_ms())  # the first ones may have none
        else:
            self.close()
            self._lost()

    # -- both --

    def _send(self, data: bytes) -> None:
        """Some hundred bytes, now and then: they fit."""
        if self._transport is not None:
            self._transport.write(data)
        elif self._socket is not None:
            with contextlib.suppress(OSError):  # reading will tell
                self._socket.send(data)

    def _lost(self) -> None:
        self._fail(NotJoined(f"closed with {self._close_code}"))
        self._crowd.gone(self, self._close_code)

    def _fail(self, fault: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(fault)

    def _take(self, data: bytes, at_ms: float) -> None:
        data = self._rest + data if self._rest else data
        if self._handshake is not None:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._opened(self._handshake, head + end)
        at = 0
        try:
            while (frame := wire.frame_from_server(data, at)) is not None:
                opcode, start, at = frame
                self._take_frame(opcode, data[start:at], at_ms)
        except (NotJoined, msgspec.DecodeError, wire.UnknownFrame) as fault:
            self._fail(NotJoined(str(fault)))
        self._rest = data[at:]

    def _opened(self, handshake: ClientProtocol, head: bytes) -> None:
        self._handshake = None
        handshake.receive_data(head)
        if handshake.handshake_exc is not None:
            self._fail(NotJoined(str(handshake.handshake_exc)))
        elif self._answer is not None:
            self._answer.set_result(None)

    def _take_frame(self, opcode: int, payload: bytes, at_ms: float) -> None:
        if opcode == wire.PING:
            self._send(wire.frame_from_client(wire.PONG, payload))
        elif opcode == wire.CLOSE:
            self._close_code = str(int.from_bytes(payload[:2], "big") or 1005)
            self._send(wire.frame_from_client(wire.CLOSE, payload[:2]))
        elif self._answer is not None:
            self._take_answer(payload, at_ms)
        elif (told := self._crowd.told(payload)) is not None:
            self._take_told(told, at_ms)

    def _take_answer(self, payload: bytes, at_ms: float) -> None:
        answer = read_notice(payload)
        if isinstance(answer, ErrorNotice):
            raise NotJoined(answer.message)
        if isinstance(answer, Joined) and self._answer is not None:
            self._crowd.answered(self._sent_at_ms, answer.server_time_ms, at_ms)
            self._joined_at_ms = answer.server_time_ms
            self._answer.set_result(None)
            self._answer = None

    def _take_told(self, told: _Told, at_ms: float) -> None:
        if told.speech:
            if told.index < self._next_speech:
                self._crowd.missed(0, 1)
                return
            self._next_speech = told.index + 1
        else:
            expected = told.index if self._next_caption is None else self._next_caption
            if told.index != expected:
                self._crowd.missed(max(0, told.index - expected), int(told.index < expected))
            self._next_caption = max(expected, told.index + 1)
        if told.published_at_ms > self._joined_at_ms:
            self._crowd.heard(told, at_ms, self._fetches)


class _Offset:
    """How far this machine's clock is behind the server's, as far as answers can tell."""

    def __init__(self) -> None:
        self._least, self._most = float("-inf"), float("inf")

    @property
    def ms(self) -> float:
        """Zero unless the clocks differ by more than can be explained by the way there and back."""
        if self._least <= 0.0 <= self._most:
            return 0.0
        return (self._least + self._most) / 2

    def learn(self, least_ms: float, most_ms: float) -> None:
        """The server's time less ours, at the answer's arrival and at the question's sending."""
        if most_ms - least_ms < self._most - self._least:
            self._least, self._most = least_ms, most_ms


def _published_at_ms(notice: CaptionNotice | SpeechNotice) -> float:
    passed = notice.stages
    in_topic = passed.get(stages.TRANSLATIONS_TOPIC, passed.get(stages.TRANSCRIPTS_TOPIC, 0.0))
    return notice.sent_at_ms - passed.get(stages.NOTIFY, 0.0) - in_topic


def _at_ms(stamp: bytes) -> float:
    seconds, nanoseconds = _STAMP.unpack(stamp)
    return float(seconds * 1000 + nanoseconds / 1e6)


async def _connected(uri: WebSocketURI) -> socket.socket:
    """A connection whose data the kernel stamps. Raises OSError."""
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (await loop.getaddrinfo(uri.host, uri.port, type=socket.SOCK_STREAM))[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        await loop.sock_connect(made, address)
    except BaseException:
        made.close()
        raise
    return made
