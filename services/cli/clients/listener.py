"""A listener's client: joins, receives, fetches clips, and keeps a record of all that came and when."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
import msgspec
import numpy as np
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from yarl import URL

from services.cli.clients import audio
from services.cli.clients.connection import (
    ANSWER_S,
    LISTENER_REFUSALS,
    UNREACHABLE,
    Refused,
    Retries,
    close_code,
    open_socket,
    raise_if_refused,
)
from services.cli.clients.notices import (
    CaptionNotice,
    EndedNotice,
    ErrorNotice,
    Joined,
    Notice,
    SpeechNotice,
    read_notice,
)
from services.common.clock import now_ms

_FETCHES = 4
_FETCH_TIMEOUT_S = 5.0
_RETRY_S = (0.1, 0.2, 0.4, 0.8)
"""Between tries where the store answers that it hasn't the clip."""
_AWAY_RETRY_S = 0.5
"""Between tries where nobody answers, or the store that it can't now."""
_AWAY_S = 15.0
_DRAIN_S = 30.0
"""How long clips are still fetched after the session has ended."""


@dataclass(frozen=True)
class Clip:
    """A fetched clip."""

    ready_at_ms: float
    sound: audio.Sound
    rate: int


@dataclass
class Hearing:
    """What one listener received, by index where an index can come again after a resume."""

    captions: list[tuple[float, CaptionNotice]] = field(default_factory=list)
    """First arrival of each index, in order of arrival: when (wall clock, ms), and what."""
    speeches: dict[int, tuple[float, SpeechNotice]] = field(default_factory=dict)
    clips: dict[int, Clip] = field(default_factory=dict)
    given_up: dict[int, float] = field(default_factory=dict)
    """Clips that couldn't be fetched, and since when."""
    segments: int | None = None
    """How many there were, said at the end."""
    last_mark: str = ""
    """Of the last caption, said at the end."""
    reconnects: int = 0
    redelivered: int = 0
    """Notices that came again after a resume, as they may."""


class Listener:
    """One listener of one language. ``run`` once; ``hearing`` grows meanwhile."""

    def __init__(
        self,
        url: str,
        session: str,
        language: str,
        *,
        hear: bool = True,
        monitor: bool = False,
        keep_sound: bool = True,
        on_notice: Callable[[Notice, float], None] = lambda *_: None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """url: the notifier's socket; session: id or code; hear: False reads captions only; monitor: isn't counted.

        keep_sound: False keeps of each clip how long it is, since hours of sound are gigabytes.
        on_notice: told of each new notice and its arrival; report: told of each trouble.
        """
        self.language = language
        self.hear = hear
        self._monitor = monitor
        self._keep_sound = keep_sound
        self.hearing = Hearing()
        self.joined = asyncio.Event()
        self._url = url
        self._session = session
        self._on_notice = on_notice
        self._report = report
        self._begins: int | None = None
        """The first index that this listener is to be told of; None before it has joined."""
        self._speech_begins = 0
        """Speech of lower indexes doesn't come."""
        self._captioned: set[int] = set()
        self._to_fetch: asyncio.Queue[int] = asyncio.Queue(maxsize=256)
        self._urls: dict[int, str] = {}
        self._signed = asyncio.Condition()
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Listen until the session ends. Raises Refused, GaveUp."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_FETCH_TIMEOUT_S)) as http:
            fetchers = [asyncio.create_task(self._fetch_clips(http)) for _ in range(_FETCHES)]
            try:
                await self._keep_connected()
                async with asyncio.timeout(_DRAIN_S):
                    await self._to_fetch.join()
            except TimeoutError:
                self._report("the last clips could not be fetched in time")
            finally:
                for fetcher in fetchers:
                    fetcher.cancel()
                await asyncio.wait(fetchers)

    async def _keep_connected(self) -> None:
        retries = Retries(self._url)
        while True:
            said: str | None = None
            try:
                async with open_socket(self._url) as socket, asyncio.timeout(ANSWER_S) as limit:
                    self._socket = socket
                    await socket.send(self._join(self._resumes_after))
                    while True:
                        notice = read_notice(await socket.recv())
                        match notice:
                            case None:
                                pass
                            case ErrorNotice(message=said):
                                pass
                            case EndedNotice():
                                await self._note(notice)
                                return
                            case _:
                                limit.reschedule(None)
                                retries.let_in()
                                await self._note(notice)
            except ConnectionClosed as closed:
                raise_if_refused(closed, LISTENER_REFUSALS, said)
                reason = said or f"connection lost ({close_code(closed) or 'no close'})"
            except msgspec.DecodeError as fault:
                raise Refused(4400, f"the service sent what this client can't read: {fault}") from fault
            except UNREACHABLE as fault:
                reason = str(fault) or type(fault).__name__
            wait_s = retries.lost(reason)
            self.hearing.reconnects += 1
            self._report(f"{self.language}: {reason}; connecting again")
            await asyncio.sleep(wait_s)

    def _join(self, after: int | None) -> str:
        message: dict[str, object] = {"type": "join", "session": self._session, "language": self.language}
        message["audio"] = self.hear
        if self._monitor:
            message["monitor"] = True
        if after is not None:
            message["after"] = after
        return msgspec.json.encode(message).decode()

    @property
    def _resumes_after(self) -> int | None:
        """The last index up to which nothing is missing, -1 before the first; None for a new listener."""
        if self._begins is None:
            return None
        waiting = [
            caption.index
            for _, caption in self.hearing.captions
            if self.hear and caption.spoken and caption.index not in self.hearing.speeches
            if caption.index >= self._speech_begins
        ]
        return min(waiting) - 1 if waiting else max((self._begins - 1, *self._captioned))

    async def _note(self, notice: Notice) -> None:
        at_ms = now_ms()
        match notice:
            case Joined(next_index=next_index, gap=gap):
                self._session = notice.session_id  # a code is good only while the session lives, and may be held up
                if self._begins is None or gap is not None:
                    self._begins = next_index
                self._speech_begins = max(self._speech_begins, notice.next_speech)
                if gap is not None:
                    self._report(
                        f"{self.language}: segments {gap.first} to {gap.last} came while there was no connection, "
                        "and are no longer kept"
                    )
                self.joined.set()
            case CaptionNotice(index=index):
                if index in self._captioned:
                    self.hearing.redelivered += 1
                    return
                self._captioned.add(index)
                self.hearing.captions.append((at_ms, notice))
            case SpeechNotice(index=index, url=url):
                if url is not None:
                    async with self._signed:
                        self._urls[index] = url
                        self._signed.notify_all()
                if index in self.hearing.speeches:
                    self.hearing.redelivered += 1
                    return
                self.hearing.speeches[index] = (at_ms, notice)
                if self.hear and url is not None:
                    await self._to_fetch.put(index)
            case EndedNotice(segments=segments, previous_mark=mark):
                self.hearing.segments, self.hearing.last_mark = segments, mark
            case _:
                pass
        self._on_notice(notice, at_ms)

    async def _fetch_clips(self, http: aiohttp.ClientSession) -> None:
        while True:
            index = await self._to_fetch.get()
            clip = await self._fetch(http, index)
            if clip is None:
                self.hearing.given_up[index] = now_ms()
                self._report(f"{self.language}: clip {index} could not be fetched")
            else:
                self.hearing.clips[index] = clip
            self._to_fetch.task_done()

    async def _fetch(self, http: aiohttp.ClientSession, index: int) -> Clip | None:
        """None: the clip couldn't be had. The rules are those of ``frontend/src/listener/player/clip.ts``."""
        waits, signed, away_since = iter(_RETRY_S), False, None
        while True:
            url = self._urls[index]
            try:
                async with http.get(URL(url, encoded=True)) as answer:
                    status, content = answer.status, await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                status, content = HTTPStatus.SERVICE_UNAVAILABLE, b""
            if status == HTTPStatus.OK:
                return await self._decoded(content)
            if status == HTTPStatus.FORBIDDEN and not signed:
                signed = True
                await self._sign_again(index, url)
                continue
            if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                away_since = away_since or time.monotonic()
                wait = _AWAY_RETRY_S if time.monotonic() - away_since <= _AWAY_S else None
            else:
                wait = next(waits, None)
            if wait is None:
                return None
            await asyncio.sleep(wait)

    async def _decoded(self, content: bytes) -> Clip | None:
        try:
            sound, rate = await asyncio.to_thread(audio.read, content)
        except audio.UnreadableAudio:
            return None
        if not self._keep_sound:
            sound = np.broadcast_to(np.float32(0.0), sound.shape)  # one zero, however long
        return Clip(now_ms(), sound, rate)

    async def _sign_again(self, index: int, stale: str) -> None:
        """The clip's URL has expired: join once more from before it, which brings a new one."""
        if self._socket is None:
            return
        try:
            async with asyncio.timeout(_FETCH_TIMEOUT_S), self._signed:
                await self._socket.send(self._join(index - 1))
                await self._signed.wait_for(lambda: self._urls[index] != stale)
        except (ConnectionClosed, TimeoutError):
            return
