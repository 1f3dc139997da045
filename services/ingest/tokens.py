"""Who speaks: access tokens of the identity provider, verified with its published keys. No token is ever logged."""

import asyncio
import time
from dataclasses import dataclass

import httpx
import jwt
import structlog

MAX_TOKEN_BYTES = 8 * 1024
FETCH_TIMEOUT_S = 5.0
REFETCH_AFTER_S = 10.0
"""Between fetches for the sake of an unknown key id, which anybody can make up."""
_LEEWAY_S = 5.0

log = structlog.get_logger(__name__)


class TokenRejected(Exception):
    """Not a token of a speaker; the message says why, and holds nothing of the token."""


class KeysUnavailable(Exception):
    """The identity provider's keys could not be had, so no token can be judged. Try again later."""


@dataclass(frozen=True)
class Speaker:
    """Who signed in. ``subject`` is stable for a person."""

    subject: str


class Tokens:
    """Verifies tokens. Holds the provider's keys; fetches them when a key id is unknown."""

    def __init__(self, http: httpx.AsyncClient, *, jwks_url: str, issuer: str, client_id: str) -> None:
        self._http = http
        self._jwks_url = jwks_url
        self._issuer = issuer
        self._client_id = client_id
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at_s = -REFETCH_AFTER_S
        self._fetching = asyncio.Lock()

    @property
    def have_keys(self) -> bool:
        """Whether any token could be verified at all."""
        return bool(self._keys)

    async def verify(self, token: str) -> Speaker:
        """The speaker whose access token this is. Raises TokenRejected, KeysUnavailable."""
        if not token:
            raise TokenRejected("no token was given; sign in")
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenRejected("that is too long for a token; sign in again")
        key = await self._key(_key_id(token))
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=self._issuer,
                leeway=_LEEWAY_S,
                # Cognito's access tokens have no audience; client_id stands for it.
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRejected("the token has expired; sign in again") from None
        except jwt.InvalidIssuerError:
            raise TokenRejected("the token is of another issuer; sign in here") from None
        except jwt.PyJWTError as fault:
            raise TokenRejected(f"the token is not valid ({type(fault).__name__}); sign in again") from None
        if claims.get("token_use") != "access":
            raise TokenRejected("that is not an access token; send the access token of the sign-in")
        if claims.get("client_id") != self._client_id:
            raise TokenRejected("the token is of another application; sign in here")
        return Speaker(subject=str(claims["sub"]))

    async def fetch(self) -> None:
        """Get the provider's keys now. Raises KeysUnavailable, and keeps those it had."""
        self._fetched_at_s = time.monotonic()
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                answer = await self._http.get(self._jwks_url)
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json())
        except (httpx.HTTPError, TimeoutError, ValueError, AttributeError, jwt.PyJWTError) as fault:
            # AttributeError: JSON, but no object
            raise KeysUnavailable(f"no keys from {self._jwks_url}: {str(fault) or type(fault).__name__}") from fault
        self._keys = {key.key_id: key for key in keys.keys if key.key_id and key.algorithm_name == "RS256"}
        log.info("token_keys_fetched", keys=len(self._keys))

    async def _key(self, key_id: str) -> jwt.PyJWK:
        if key_id not in self._keys:
            async with self._fetching:
                if key_id not in self._keys and time.monotonic() - self._fetched_at_s >= REFETCH_AFTER_S:
                    await self.fetch()
        try:
            return self._keys[key_id]
        except KeyError:
            if not self._keys:
                raise KeysUnavailable(f"no keys from {self._jwks_url} yet; try again in a moment") from None
            raise TokenRejected("the token is signed with a key that is not ours; sign in here") from None


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise TokenRejected("that is not a token; sign in") from None
    key_id = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(key_id, str):
        raise TokenRejected("the token is not signed as ours are; sign in here")
    return key_id
