"""Connections that stay signed in.

A broker may limit for how long a sign-in is good, and then cuts the connection. The client library signs in only once,
takes a refused token for a good one, and its transactional producer gives up where two connections are cut in a row. So
ours sign in by themselves, and again in good time (KIP-368).
"""

import asyncio
from typing import Any

import structlog
from aiokafka import conn
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError, NoError, for_code
from aiokafka.protocol.admin import SaslAuthenticateRequest, SaslHandShakeRequest

log = structlog.get_logger(__name__)

MECHANISM = "OAUTHBEARER"
_RENEWED_AT = 0.7
"""Of the time that a sign-in is good for; in the rest it can be tried again."""
_RETRY_S = 1.0


class SignInFailed(KafkaError):  # type: ignore[misc]
    """There is no token, or the broker refuses it. The library tries again whenever it needs a connection."""


class Tokens(AbstractTokenProvider):  # type: ignore[misc]
    """What clients sign in with: ``token`` gives one that is good for a while, or raises SignInFailed."""

    failed: SignInFailed | None = None
    """Why the latest sign-in failed, which the library only logs; None if it didn't."""


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]
    """The library's connection to a broker; one that needs a sign-in stays signed in while it lives."""

    _renewing: asyncio.Task[None] | None = None

    async def _do_sasl_handshake(self) -> None:
        asked_at = asyncio.get_running_loop().time()
        good_for_s = await self._sign_in()
        self._renewing = asyncio.create_task(self._stay_signed_in(asked_at, good_for_s))

    def close(self, reason: Any = None, exc: BaseException | None = None) -> Any:
        if self._renewing is not None:
            self._renewing.cancel()
        return super().close(reason, exc)

    async def _stay_signed_in(self, since: float, good_for_s: float) -> None:
        """Until the connection is closed, the broker sets no limit, or it has passed in vain."""
        clock = asyncio.get_running_loop().time
        due = since + _RENEWED_AT * good_for_s
        while due < since + good_for_s:
            await asyncio.sleep(due - clock())
            asked_at = clock()
            try:
                good_for_s = await self._sign_in()
            except (KafkaError, TimeoutError) as fault:
                log.warning("kafka_sign_in_failed", broker=f"{self.host}:{self.port}", reason=str(fault))
                due = clock() + _RETRY_S
            else:
                since, due = asked_at, asked_at + _RENEWED_AT * good_for_s

    async def _sign_in(self) -> float:
        """Returns for how many seconds it is good, 0 for ever. Raises SignInFailed, KafkaError, TimeoutError."""
        tokens: Tokens = self._sasl_oauth_token_provider
        try:
            good_for_s = await self._show(await tokens.token())
        except SignInFailed as fault:
            tokens.failed = fault
            raise
        tokens.failed = None
        return good_for_s

    async def _show(self, token: str) -> float:
        """Show the broker a token. A connection on which that fails is of no use any more."""
        # Both at once: other requests may be answered before and after these, not in between.
        asked = asyncio.gather(
            self.send(SaslHandShakeRequest(MECHANISM)),
            self.send(SaslAuthenticateRequest(f"n,,\x01auth=Bearer {token}\x01\x01".encode())),
            return_exceptions=True,
        )
        try:
            _, signed = map(_taken, await asked)
            if signed.sasl_auth_bytes:  # how this mechanism says no
                raise _refused(signed.sasl_auth_bytes.decode(errors="replace"))
        except (KafkaError, TimeoutError) as fault:
            self.close(conn.CloseReason.AUTH_FAILURE, fault)
            raise
        good_for_s: float = signed.session_lifetime_ms / 1000
        return good_for_s


def _taken(answer: Any) -> Any:
    """The broker's answer, if it is no refusal. Raises SignInFailed, and what else came instead of an answer."""
    if isinstance(answer, BaseException):
        raise answer
    if (error := for_code(answer.error_code)) is not NoError:
        raise _refused(getattr(answer, "error_message", None) or error.__name__)
    return answer


def _refused(reason: str) -> SignInFailed:
    return SignInFailed(
        f"the broker refuses the token ({reason}): see that the credentials are of a role that may "
        "kafka-cluster:Connect to this cluster, and that the clock is right"
    )


conn.AIOKafkaConnection = Connection
