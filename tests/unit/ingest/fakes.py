"""Stand-ins for ingest's ports, and an ingest on a free port that is built from them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from services.common.audience import AudienceView
from services.common.clock import now_ms
from services.common.contracts import Frame, Session, State
from services.common.frames import WireFrame, pack
from services.common.http import Server
from services.common.kafka import KafkaUnavailable
from services.common.lifecycle import Service
from services.common.topics import R, Topic
from services.ingest.floor import Position
from services.ingest.floors import Floors
from services.ingest.keeper import Keeper
from services.ingest.ports import CodeTaken, StoreUnavailable
from services.ingest.rest import Rest
from services.ingest.sessions import NewSession, Sessions
from services.ingest.settings import IngestSettings
from services.ingest.speaker import SpeakerEndpoint
from services.ingest.tokens import Tokens
from services.ingest.view import SessionView

ISSUER, CLIENT, JWKS_URL = "https://issuer.test/pool", "speaker-app", "https://keys.test/jwks.json"
SAMPLES = 1536


class InMemorySessionStore:
    """``ports.SessionStore`` in a dict. ``gone``: it can't be reached."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.gone = False
        self._codes: dict[str, tuple[str, float]] = {}

    async def reachable(self) -> bool:
        return not self.gone

    async def create(self, session: Session, code_valid_s: float) -> None:
        await self._answer()
        if self._codes.get(session.code, ("", 0.0))[1] >= time.time():
            raise CodeTaken(session.code)
        self.sessions[session.session_id] = session
        self._codes[session.code] = (session.session_id, time.time() + code_valid_s)

    async def get(self, session_id: str) -> Session | None:
        await self._answer()
        return self.sessions.get(session_id)

    async def find_code(self, code: str) -> Session | None:
        await self._answer()
        session_id, valid_until_s = self._codes.get(code, ("", 0.0))
        return self.sessions.get(session_id) if valid_until_s >= time.time() else None

    async def of_owner(self, owner: str) -> list[Session]:
        await self._answer()
        own = [session for session in self.sessions.values() if session.owner == owner]
        return sorted(own, key=lambda session: -session.created_at_ms)[:100]

    async def update(
        self,
        session_id: str,
        *,
        state: State | None = None,
        title: str | None = None,
        speaker: str | None = None,
        only_from: tuple[State, ...] | None = None,
        only_speaker: str | None = None,
    ) -> Session | None:
        await self._answer()
        known = self.sessions.get(session_id)
        if (
            known is None
            or known.state is State.ENDED
            or (only_from is not None and known.state not in only_from)
            or (only_speaker is not None and known.speaker != only_speaker)
        ):
            return None
        given = {"state": state, "title": title, "speaker": speaker}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        changed = msgspec.structs.replace(known, **changes, updated_at_ms=now_ms(), revision=known.revision + 1)
        self.sessions[session_id] = changed
        return changed

    async def forget_code(self, code: str) -> None:
        await self._answer()
        self._codes.pop(code, None)

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if self.gone:
            raise StoreUnavailable("no store")


@dataclass
class FakePublisher:
    """Confirms what it is given at once; ``gone``: takes records and confirms none; ``refuses``: takes none."""

    records: list[Any] = field(default_factory=list)
    gone: bool = False
    refuses: bool = False
    _open: list["asyncio.Future[object]"] = field(default_factory=list)

    async def enqueue(self, topic: Topic[R], record: R) -> "asyncio.Future[object]":
        if self.refuses:
            raise KafkaUnavailable("no broker")
        self.records.append(record)
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.gone:
            self._open.append(answer)
        else:
            answer.set_result(None)
        return answer

    async def send(self, topic: Topic[R], record: R) -> None:
        await (await self.enqueue(topic, record))

    def come_back(self) -> None:
        """Confirm everything, then and from now on."""
        self.gone = False
        for answer in self._open:
            answer.set_result(None)
        self._open.clear()

    def frames(self, session_id: str) -> list[Frame]:
        """Frames and marks of a session, in order."""
        return [one for one in self.records if isinstance(one, Frame) and one.session_id == session_id]


class FakeAudioLog:
    """What a publisher was given is what Kafka has."""

    def __init__(self, publisher: FakePublisher) -> None:
        self._publisher = publisher
        self.looks = 0

    async def position(self, session: Session) -> Position | None:
        self.looks += 1
        position = Position()
        for frame in self._publisher.frames(session.session_id):
            position.follow(frame)
        return position if position.next_sample else None


class Signer:
    """An identity provider with one key. Counts how often its keys are fetched; ``gone``: it does not answer."""

    def __init__(self, key_id: str = "key-1") -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._key_id = key_id
        self.fetches = 0
        self.gone = False

    def http(self) -> httpx.AsyncClient:
        """A client that reaches only this."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def token(self, subject: str = "speaker-1", **changes: object) -> str:
        """An access token; ``changes`` replace claims, None leaves one out."""
        claims: dict[str, object] = {
            "sub": subject,
            "iss": ISSUER,
            "client_id": CLIENT,
            "token_use": "access",
            "exp": time.time() + 3600,
            "iat": time.time(),
        }
        kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode(kept, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def _answer(self, _: httpx.Request) -> httpx.Response:
        self.fetches += 1
        if self.gone:
            raise httpx.ConnectError("no route")
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return httpx.Response(200, json={"keys": [{**key, "kid": self._key_id, "alg": "RS256", "use": "sig"}]})


@dataclass
class Ingest:
    """One running instance, with what it stands on."""

    port: int
    service: Service
    signer: Signer
    store: InMemorySessionStore
    publisher: FakePublisher
    audio: FakeAudioLog
    view: SessionView
    floors: Floors
    sessions: Sessions
    keeper: Keeper
    speaking: SpeakerEndpoint

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def socket(self) -> connect:
        """A speaker's connection on which nothing was sent yet."""
        return connect(f"ws://127.0.0.1:{self.port}/speak", compression=None)

    async def session(self, owner: str = "speaker-1") -> Session:
        return await self.sessions.create(owner, NewSession("A talk", "en"))

    async def start(self, socket: ClientConnection, of: Session, /, **changes: object) -> dict[str, Any]:
        """Send ``start`` as the session's owner, and return the answer."""
        start = {"type": "start", "token": self.signer.token(), "session": of.session_id, "next_seq": 0}
        await socket.send(json.dumps({**start, **changes}))
        return await receive(socket)


@asynccontextmanager
async def running(signer: Signer, beside: Ingest | None = None, **settings: Any) -> AsyncIterator[Ingest]:
    """An ingest built from fakes on a free port; leaving it is a SIGTERM. beside: with the same store and Kafka."""
    told = IngestSettings(jwks_url=JWKS_URL, token_issuer=ISSUER, token_client_id=CLIENT, **settings)
    service = Service("ingest")
    server = Server(
        service,
        host="127.0.0.1",
        port=0,
        port_variable="DRAGOMAN_INGEST_PORT",
        allowed_origins=told.allowed_origins.split(","),
    )
    store, publisher = (beside.store, beside.publisher) if beside else (InMemorySessionStore(), FakePublisher())
    view, audio = SessionView(), FakeAudioLog(publisher)
    floors = Floors(told.instance, burst_s=told.audio_burst_s, rate=told.audio_rate, leave_s=told.kafka_timeout_s + 1)
    sessions = Sessions(store, publisher, view, floors, told)
    keeper = Keeper(sessions, floors, view, grace_s=told.grace_s, max_session_s=told.max_session_s)
    async with signer.http() as http:
        tokens = Tokens(http, jwks_url=JWKS_URL, issuer=ISSUER, client_id=CLIENT)
        speaking = SpeakerEndpoint(tokens, sessions, floors, view, publisher, audio, told, service.stopping)
        rest = Rest(tokens, sessions, AudienceView(), told.proxies)
        server.add([*rest.routes(), WebSocketRoute("/speak", speaking.serve)])
        service.started()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())
            try:
                yield Ingest(
                    server.port, service, signer, store, publisher, audio, view, floors, sessions, keeper, speaking
                )
            finally:
                service.stopping.set()


def frame(
    seq: int, *, samples: int = SAMPLES, first_sample: int | None = None, captured_at_ms: float | None = None
) -> bytes:
    """A frame as a well-behaved client sends it, but for what is given."""
    at = seq * SAMPLES if first_sample is None else first_sample
    captured = now_ms() if captured_at_ms is None else captured_at_ms
    return pack(WireFrame(seq, at, captured, bytes(2 * samples)))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    """The next message. Raises ConnectionClosed, TimeoutError."""
    async with asyncio.timeout(5):
        message: dict[str, Any] = json.loads(await socket.recv())
        return message


async def acknowledged(socket: ClientConnection, seq: int) -> None:
    """Return once frame ``seq`` has been acknowledged; fails on anything but acks."""
    while (message := await receive(socket)) != {"type": "ack", "seq": seq}:
        assert message["type"] == "ack", message


async def to_the_end(socket: ClientConnection) -> tuple[int | None, list[dict[str, Any]]]:
    """Read until the service closes: its code, and what it said before."""
    said: list[dict[str, Any]] = []
    try:
        while True:
            said.append(await receive(socket))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None, said


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (there is no event to wait for)
            await asyncio.sleep(0.01)
