"""The REST side: speakers make and change their sessions, listeners look them up."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from services.common.addresses import address_of
from services.common.audience import AudienceView
from services.common.contracts import Session, State
from services.common.http import error_response, json_response
from services.common.kafka import KafkaUnavailable
from services.common.languages import Offer
from services.ingest.ports import StoreUnavailable
from services.ingest.refused import Refused
from services.ingest.sessions import Change, NewSession, Sessions
from services.ingest.tokens import KeysUnavailable, Speaker, TokenRejected, Tokens

MAX_BODY_BYTES = 16 * 1024

log = structlog.get_logger(__name__)
T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]


class PublicView(msgspec.Struct, frozen=True):
    """What a listener may see."""

    session_id: str
    title: str
    state: State
    source_language: str
    languages: tuple[Offer, ...]
    """What a listener may choose, the spoken one first."""


class OwnerView(PublicView, frozen=True):
    """What the speaker sees besides."""

    code: str
    target_languages: tuple[str, ...] | None
    created_at_ms: float
    listeners: dict[str, int]
    """By language; those without listeners are left out."""


class SpokenLanguage(msgspec.Struct, frozen=True):
    """A language that a talk may be given in."""

    code: str
    targets: tuple[str, ...]
    """Codes of those that it can be translated into."""


@dataclass(frozen=True)
class Rest:
    """The handlers, and what they need."""

    tokens: Tokens
    sessions: Sessions
    audience: AudienceView
    proxies: int

    def routes(self) -> list[Route]:
        """As in ``docs/protocol.md``."""
        return [
            Route("/languages", _guarded(self._languages), methods=["GET"]),
            Route("/sessions", _guarded(self._create), methods=["POST"]),
            Route("/sessions", _guarded(self._list), methods=["GET"]),
            Route("/sessions/{name}", _guarded(self._get), methods=["GET"]),
            Route("/sessions/{name}", _guarded(self._change), methods=["PATCH"]),
            Route("/sessions/{name}", _guarded(self._end), methods=["DELETE"]),
        ]

    async def _languages(self, _: Request) -> Response:
        spoken = [SpokenLanguage(code, targets) for code, targets in self.sessions.spoken().items()]
        return json_response({"spoken": spoken})

    async def _create(self, request: Request) -> Response:
        speaker = await self._speaker(request)
        session = await self.sessions.create(speaker.subject, await _body(request, NewSession))
        return json_response(self._owner_view(session), 201)

    async def _list(self, request: Request) -> Response:
        speaker = await self._speaker(request)
        return json_response([self._owner_view(one) for one in await self.sessions.of_owner(speaker.subject)])

    async def _get(self, request: Request) -> Response:
        session = await self.sessions.find(request.path_params["name"], address_of(request, self.proxies))
        if "authorization" in request.headers and (await self._speaker(request)).subject == session.owner:
            return json_response(self._owner_view(session))
        return json_response(self._public_view(session))

    async def _change(self, request: Request) -> Response:
        session = await self._owned(request)
        changed = await self.sessions.change(session, await _body(request, Change))
        return json_response(self._owner_view(changed))

    async def _end(self, request: Request) -> Response:
        await self.sessions.end(await self._owned(request))
        return Response(status_code=204)

    async def _owned(self, request: Request) -> Session:
        speaker = await self._speaker(request)
        return await self.sessions.owned(request.path_params["name"], speaker.subject)

    async def _speaker(self, request: Request) -> Speaker:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return await self.tokens.verify(token.strip() if scheme.casefold() == "bearer" else "")

    def _owner_view(self, session: Session) -> OwnerView:
        counts = self.audience.languages(session.session_id)
        return OwnerView(
            **msgspec.structs.asdict(self._public_view(session)),
            code=session.code,
            target_languages=session.target_languages,
            created_at_ms=session.created_at_ms,
            listeners={code: count.listeners for code, count in counts.items() if count.listeners},
        )

    def _public_view(self, session: Session) -> PublicView:
        return PublicView(
            session_id=session.session_id,
            title=session.title,
            state=session.state,
            source_language=session.source_language,
            languages=self.sessions.offered(session),
        )


async def _body(request: Request, kind: type[T]) -> T:
    """The request's JSON. Raises Refused: 413, 400."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise Refused(413, "too_large", f"a request has at most {MAX_BODY_BYTES} bytes")
    except ClientDisconnect:
        raise Refused(400, "malformed", "the body ended early") from None
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise Refused(400, "malformed", f"the body can't be read: {fault}") from None


def _guarded(handler: Handler) -> Handler:
    """Turn what is foreseen into its answer; the rest is a 500 with a trace in the log."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except TokenRejected as fault:
            answer = error_response(401, "token", str(fault))
            answer.headers["www-authenticate"] = "Bearer"
            return answer
        except Refused as fault:
            return error_response(fault.status, fault.code, fault.message)
        except (StoreUnavailable, KafkaUnavailable, KeysUnavailable) as fault:
            log.warning("request_held_up", reason=str(fault))
            return error_response(503, "unavailable", "the service can't do that now; try again in a moment")

    return guarded
