"""Ingest, notifier, user pool and clips' store on one port, with one talk: they answer as a test has told them to."""

import asyncio
import base64
import io
import itertools
import json
import struct
import time
import wave
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.cli.stack.ports import HOST, free_ports, listen
from services.cli.stack.web import Cognito, Config, served
from services.common.http import Uvicorn, error_response, json_response
from tests.pages.talk import LANGUAGES, TARGETS, TITLE, VOICES, text

TALK = "Zk3vQ9xW2mLr7TbY"
CODE = "K7F2QXA"
SEGMENT_MS = 1_500
EMAIL = "ana.silva@example.org"
_CLIENT, _USER = "client", "11-22"
_RATE = 24_000
_HEADER = struct.Struct("<IQd")
_OFFERS = [
    {"code": code, "name": name, "direction": direction, "quality": quality, "speech": code in VOICES}
    for code, (name, direction, quality) in LANGUAGES.items()
]


@dataclass(frozen=True)
class Frame:
    """What came over the speaker's socket."""

    seq: int
    first_sample: int
    captured_at_ms: float
    samples: int
    came_at_ms: float
    """By the services' clock."""


class Services:
    """What is public is the script: tests set it, before or while a page is open."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.down = False
        """Nothing is answered but 503."""
        self.refused: dict[str, int] = {}
        """REST calls that are refused, with their status: ``languages``, ``own``, ``create``, ``get``, ``patch``."""
        self.refused_actions: dict[str, str] = {}
        """The user pool's actions that are refused, with the name of the fault."""
        self.listeners_close: int | None = None
        """What a join is answered with, in place of being let in."""
        self.listeners_error = "other"
        self.speakers_close: int | None = None
        self.acknowledging = True
        self.finishing = True
        """A talk that its speaker ends is over at once; otherwise when ``end`` is called, and lines still come."""
        self.clock_off_ms = 0.0
        """How far the services' clock is from the device's."""
        self.behind_ms = 1_900.0
        """From the end of a segment's words to its caption."""
        self.talk: dict[str, Any] = {
            "session_id": TALK,
            "code": CODE.lower(),
            "title": TITLE,
            "state": "live",
            "source_language": "en",
            "languages": _OFFERS,
            "target_languages": None,
            "created_at_ms": time.time() * 1000 - 3_600_000,
            "listeners": {"pt": 128, "es": 74, "fr": 31, "ca": 6},
        }
        self.talks = [self.talk]
        self.segments = 20
        """Said so far. A listener who comes gets them all, so that a page is full at once."""
        self.gap: tuple[int, int] | None = None
        """Indexes that a listener who comes back is told to be lost."""
        self.untranslated: set[int] = set()
        self.clips: dict[int, Iterator[int]] = defaultdict(lambda: itertools.repeat(200))
        """How the store answers when it is asked for a clip, time after time."""
        self.clips_wait_s: dict[int, float] = {}
        self.oldest_signature = 0
        """Addresses of clips that were given out before this join have expired."""
        self.joins: list[dict[str, Any]] = []
        self.frames: list[Frame] = []
        self.starts: list[dict[str, Any]] = []
        self.controls: list[str] = []
        self._listeners: dict[WebSocket, dict[str, Any]] = {}
        self._speakers: set[WebSocket] = set()

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/languages", self._languages),
                Route("/sessions", self._own),
                Route("/sessions", self._create, methods=["POST"]),
                Route("/sessions/{name}", self._get),
                Route("/sessions/{name}", self._patch, methods=["PATCH"]),
                Route("/clips/{language}/{index:int}", self._clip),
                Route("/", self._user_pool, methods=["POST"]),
                WebSocketRoute("/listen", self._listen),
                WebSocketRoute("/speak", self._speak),
            ],
            middleware=[
                Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], max_age=600)
            ],
        )

    def config(self, listener_page: str) -> Config:
        """What the pages are to be told of these services."""
        return Config(
            ingest=self.origin,
            notifier=self.origin.replace("http", "ws"),
            cognito=Cognito(region="us-east-1", user_pool_id="us-east-1_pool", client_id=_CLIENT, endpoint=self.origin),
            listener=listener_page,
        )

    def signed_in(self) -> dict[str, str]:
        """What a speaker's browser has in its local storage after a sign-in."""
        pool = f"CognitoIdentityServiceProvider.{_CLIENT}"
        tokens = _tokens()
        return {
            f"{pool}.LastAuthUser": _USER,
            f"{pool}.{_USER}.accessToken": tokens["AccessToken"],
            f"{pool}.{_USER}.idToken": tokens["IdToken"],
            f"{pool}.{_USER}.refreshToken": tokens["RefreshToken"],
            f"{pool}.{_USER}.clockDrift": "0",
            f"{pool}.{_USER}.signInDetails": json.dumps({"loginId": EMAIL, "authFlowType": "USER_SRP_AUTH"}),
        }

    async def say(self, segments: int = 1, *, clips: bool = True) -> None:
        """The speaker says more: its captions go out, and its clips."""
        for index in range(self.segments, self.segments + segments):
            self.segments = index + 1
            await self._tell(lambda join, index=index: self.caption(join["language"], index))
            if clips:
                await self.voice(index)

    async def voice(self, index: int) -> None:
        """The clip of a segment goes out to those who want to hear it."""
        await self._tell(
            lambda join: self._speech(join["language"], index) if join["audio"] and join["language"] in VOICES else None
        )

    async def tell(self, message: dict[str, Any]) -> None:
        """To all listeners."""
        await self._tell(lambda _: message)

    async def tell_speakers(self, message: dict[str, Any]) -> None:
        for socket in list(self._speakers):
            await socket.send_json(message)

    async def be(self, state: str) -> None:
        """The session's state changes."""
        self.talk["state"] = state
        await self.tell({"type": "state", "state": state})

    async def end(self) -> None:
        """The talk is over: listeners are told, and closed."""
        await self.be("ended")
        await self.tell({"type": "ended", "segments": self.segments, "previous_mark": "."})
        await self.close_listeners(1000)

    async def close_listeners(self, code: int) -> None:
        for socket in list(self._listeners):
            await socket.close(code)

    async def close_speakers(self, code: int) -> None:
        for socket in list(self._speakers):
            await socket.close(code)

    def caption(self, language: str, index: int) -> dict[str, Any]:
        failed = {"text": "", "failed": "engine"} if index in self.untranslated else {}
        source, spoken = text("en", index), language in VOICES
        about = {"type": "caption", "previous_mark": "", "spoken": spoken, "source": source}
        return {**about, **self._segment(language, index), **failed}

    def _speech(self, language: str, index: int) -> dict[str, Any]:
        url = f"{self.origin}/clips/{language}/{index}?signed={len(self.joins)}"
        about = {"type": "speech", "url": url, "duration_ms": SEGMENT_MS}
        return {**about, **self._segment(language, index)}

    def _segment(self, language: str, index: int) -> dict[str, Any]:
        end_ms = (index + 1) * SEGMENT_MS
        return {
            "language": language,
            "index": index,
            "start_ms": end_ms - SEGMENT_MS,
            "end_ms": end_ms,
            "text": text(language, index),
            "floor_epoch_ms": self._now_ms() - self.behind_ms - end_ms,
            "stages": {},
            "sent_at_ms": self._now_ms(),
        }

    def _now_ms(self) -> float:
        return time.time() * 1000 + self.clock_off_ms

    def _answer(self, call: str, content: object, status: int = 200) -> Response:
        refusal = 503 if self.down else self.refused.get(call)
        return error_response(refusal, "refused", "as it was told to") if refusal else json_response(content, status)

    async def _languages(self, _: Request) -> Response:
        spoken = [{"code": code, "targets": [one for one in LANGUAGES if one != code]} for code in TARGETS]
        return self._answer("languages", {"spoken": spoken})

    async def _own(self, _: Request) -> Response:
        return self._answer("own", self.talks)

    async def _create(self, request: Request) -> Response:
        self.talk.update(await request.json(), state="created")
        return self._answer("create", self.talk, 201)

    async def _get(self, _: Request) -> Response:
        return self._answer("get", self.talk)

    async def _patch(self, request: Request) -> Response:
        await request.body()
        return self._answer("patch", self.talk)

    async def _clip(self, request: Request) -> Response:
        index = int(request.path_params["index"])
        await asyncio.sleep(self.clips_wait_s.get(index, 0))
        expired = int(request.query_params["signed"]) < self.oldest_signature
        status = 403 if expired else next(self.clips[index])
        return Response(_tone(index), status, media_type="audio/wav")

    async def _user_pool(self, request: Request) -> Response:
        action = request.headers["x-amz-target"].partition(".")[2]
        fault = self.refused_actions.get(action)
        if fault:
            return json_response({"__type": fault, "message": "as it was told to"}, 400)
        sent = {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
        answers: dict[str, object] = {
            "InitiateAuth": {
                "ChallengeName": "PASSWORD_VERIFIER",
                "ChallengeParameters": {
                    "USERNAME": _USER,
                    "USER_ID_FOR_SRP": _USER,
                    "SALT": "5a17",
                    "SRP_B": "5" * 700,
                    "SECRET_BLOCK": "c2VjcmV0",
                },
            },
            "RespondToAuthChallenge": {"AuthenticationResult": _tokens(), "ChallengeParameters": {}},
            "GetTokensFromRefreshToken": {"AuthenticationResult": _tokens()},
            "SignUp": {"UserConfirmed": False, "UserSub": _USER, "CodeDeliveryDetails": sent},
            "ForgotPassword": {"CodeDeliveryDetails": sent},
        }
        return json_response(answers.get(action, {}))

    async def _listen(self, socket: WebSocket) -> None:
        if self.down:
            await socket.close()
            return
        await socket.accept()
        try:
            while True:
                join = json.loads(await socket.receive_text())
                self.joins.append(join)
                if self.listeners_close is not None:
                    error = {"type": "error", "code": self.listeners_error, "message": "as it was told to"}
                    await socket.send_json(error)
                    await socket.close(self.listeners_close)
                    return
                await self._let_in(socket, join)
        except WebSocketDisconnect:
            pass
        finally:
            self._listeners.pop(socket, None)

    async def _let_in(self, socket: WebSocket, join: dict[str, Any]) -> None:
        language, after = join["language"], join.get("after")
        first = 0 if after is None else after + 1
        joined = {
            "type": "joined",
            "session_id": TALK,
            "title": self.talk["title"],
            "state": self.talk["state"],
            "language": language,
            "source_language": "en",
            "languages": _OFFERS,
            "next_index": first,
            "server_time_ms": self._now_ms(),
        }
        if self.gap and after is not None:
            joined["gap"] = {"from": self.gap[0], "to": self.gap[1]}
        await socket.send_json(joined)
        for index in range(first, self.segments):
            caption = self.caption(language, index)
            await socket.send_json(caption if after is not None else caption | {"history": True})
            if after is not None and join["audio"] and language in VOICES:
                await socket.send_json(self._speech(language, index))
        self._listeners[socket] = join
        if self.talk["state"] == "ended":
            await self.end()

    async def _tell(self, message: Any) -> None:
        for socket, join in list(self._listeners.items()):
            if (said := message(join)) is not None:
                await socket.send_json(said)

    async def _speak(self, socket: WebSocket) -> None:
        if self.down:
            await socket.close()
            return
        await socket.accept()
        try:
            start = json.loads(await socket.receive_text())
            self.starts.append(start)
            if self.speakers_close is not None:
                await socket.close(self.speakers_close)
                return
            if self.talk["state"] == "created":
                self.talk["state"] = "live"
            next_seq, next_sample = start["next_seq"], 0
            if self.frames:
                last = self.frames[-1]
                next_seq, next_sample = last.seq + 1, last.first_sample + last.samples
            state = self.talk["state"]
            await socket.send_json({"type": "ready", "next_seq": next_seq, "next_sample": next_sample, "state": state})
            self._speakers.add(socket)
            while (message := await socket.receive())["type"] != "websocket.disconnect":
                if message.get("bytes"):
                    await self._take(socket, message["bytes"])
                else:
                    await self._obey(socket, json.loads(message["text"])["type"])
        except WebSocketDisconnect:
            pass
        finally:
            self._speakers.discard(socket)

    async def _take(self, socket: WebSocket, frame: bytes) -> None:
        samples = (len(frame) - _HEADER.size) // 2
        seq, first_sample, captured_at_ms = _HEADER.unpack_from(frame)
        self.frames.append(Frame(seq, first_sample, captured_at_ms, samples, self._now_ms()))
        if self.acknowledging:
            await socket.send_json({"type": "ack", "seq": self.frames[-1].seq})

    async def _obey(self, socket: WebSocket, control: str) -> None:
        self.controls.append(control)
        self.talk["state"] = {"pause": "paused", "mute": "muted", "resume": "live", "end": "ended"}[control]
        await socket.send_json({"type": "state", "state": self.talk["state"]})
        if control == "end":
            if self.finishing:
                await self.end()
            await socket.close(1000)


class Site:
    """Both pages as ``dragoman up`` serves them; the services behind them can be replaced."""

    def __init__(self, pages_port: int, services_port: int) -> None:
        self._services_port = services_port
        pages = f"http://{HOST}:{pages_port}"
        self.listener_page = f"{pages}/listener.html"
        self.speaker_page = f"{pages}/speaker.html"
        self.services = self.renew()

    def renew(self) -> Services:
        """Services that know of nothing that was before."""
        self.services = Services(f"http://{HOST}:{self._services_port}")
        self._app = self.services.app
        return self.services

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """On ports of its own."""
    pages_port, port = free_ports(2)
    web = Site(pages_port, port)
    with listen(HOST, port, "the scripted services") as socket:
        server = Uvicorn(
            uvicorn.Config(
                web.answer,
                interface="asgi3",
                lifespan="off",
                log_config=None,
                ws="websockets-sansio",
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[socket]))
        try:
            async with served(web.services.config(web.listener_page), web.services.origin, pages_port):
                yield web
        finally:
            server.should_exit = True
            await serving


def _tone(index: int) -> bytes:
    """A clip: each index has a pitch of its own."""
    at = np.arange(SEGMENT_MS * _RATE // 1000) / _RATE
    samples = (9_000 * np.sin(2 * np.pi * (200 + 20 * (index % 20)) * at)).astype("<i2")
    clip = io.BytesIO()
    with wave.open(clip, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())
    return clip.getvalue()


def _tokens() -> dict[str, str]:
    """As the pool gives them; nobody here checks their signature."""
    return {
        "AccessToken": _token(username=_USER, sub=_USER, token_use="access"),
        "IdToken": _token(email=EMAIL, sub=_USER, token_use="id"),
        "RefreshToken": "refresh",
        "TokenType": "Bearer",
    }


def _token(**claims: str) -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    now = int(time.time())
    return ".".join((part({"alg": "RS256", "kid": "k"}), part({"iat": now, "exp": now + 3600, **claims}), "c2ln"))
