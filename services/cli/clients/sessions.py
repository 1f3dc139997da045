"""A speaker's sessions over ingest's REST interface."""

from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from services.cli.errors import CliError
from services.common.contracts import State

T = TypeVar("T")
_TIMEOUT_S = 10.0


class ApiError(CliError):
    """Ingest said no, or nothing. The message is for people."""


class OwnSession(msgspec.Struct, frozen=True):
    """A session as its owner sees it."""

    session_id: str
    code: str
    title: str
    state: State
    source_language: str
    created_at_ms: float = 0.0
    target_languages: tuple[str, ...] | None = None


class PublicSession(msgspec.Struct, frozen=True):
    """A session as a listener may see it."""

    session_id: str
    title: str
    state: State
    source_language: str


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class Sessions:
    """Own sessions. Use as a context manager. Every method raises ApiError."""

    def __init__(self, ingest_url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=ingest_url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def create(self, title: str, source: str, targets: tuple[str, ...] | None = None) -> OwnSession:
        """targets: what listeners may choose; None: whatever the engines have."""
        body: dict[str, object] = {"title": title, "source_language": source}
        if targets is not None:
            body["target_languages"] = targets
        return await self._call("POST", "/sessions", OwnSession, body)

    async def own(self) -> list[OwnSession]:
        """Newest first."""
        return await self._call("GET", "/sessions", list[OwnSession])

    async def find(self, session: str) -> PublicSession:
        """By id or code."""
        return await self._call("GET", f"/sessions/{session}", PublicSession)

    async def end(self, session_id: str) -> None:
        """End it for all. One that has ended already is fine."""
        answer = await self._send("DELETE", f"/sessions/{session_id}")
        if not answer.is_success and answer.status_code != httpx.codes.GONE:
            raise _problem(answer)

    async def _call(self, method: str, path: str, kind: type[T], body: object = None) -> T:
        answer = await self._send(method, path, body)
        if not answer.is_success:
            raise _problem(answer)
        return msgspec.json.decode(answer.content, type=kind)

    async def _send(self, method: str, path: str, body: object = None) -> httpx.Response:
        try:
            return await self._http.request(method, path, json=body)
        except httpx.TransportError as fault:
            raise ApiError(
                f"ingest does not answer at {self._http.base_url}: is the stack running ('dragoman up')? "
                f"({fault or type(fault).__name__})"
            ) from fault


def _problem(answer: httpx.Response) -> ApiError:
    try:
        said = msgspec.json.decode(answer.content, type=_Problem).message
    except msgspec.DecodeError:
        said = answer.text[:200]
    return ApiError(said or f"ingest answered {answer.status_code}")
