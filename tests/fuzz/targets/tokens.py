"""Tokens of speakers."""

import asyncio
import base64
import contextlib
import time

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from services.ingest.tokens import TokenRejected, Tokens
from tests.fuzz.target import Target

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_CLAIMS = {"sub": "speaker", "iss": "issuer", "client_id": "client", "token_use": "access", "exp": time.time() + 86_400}
_TOKEN = jwt.encode(_CLAIMS, _KEY, algorithm="RS256", headers={"kid": "1"})
_LOOP = asyncio.new_event_loop()


def _answer(_: httpx.Request) -> httpx.Response:
    key = jwt.algorithms.RSAAlgorithm.to_jwk(_KEY.public_key(), as_dict=True)
    return httpx.Response(200, json={"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]})


_TOKENS = Tokens(
    httpx.AsyncClient(transport=httpx.MockTransport(_answer)),
    jwks_url="http://keys",
    issuer="issuer",
    client_id="client",
)


def tokens(data: bytes) -> None:
    """Nobody is let in but by the very token that was signed, or one with the same claims and signature."""
    token = data.decode("latin-1")  # as a header is read
    try:
        _LOOP.run_until_complete(_TOKENS.verify(token))
    except TokenRejected:
        return
    assert token.split(".")[:2] == _TOKEN.split(".")[:2]


def signed_claims(data: bytes) -> None:
    """Claims that the provider signed, whatever they are."""
    head = _TOKEN.split(".")[0].encode()
    signed = head + b"." + base64.urlsafe_b64encode(data).rstrip(b"=")
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(signed, _KEY)
    token = signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
    with contextlib.suppress(TokenRejected):
        _LOOP.run_until_complete(_TOKENS.verify(token.decode()))


def _claims(**changes: object) -> bytes:
    return jwt.encode(_CLAIMS | changes, _KEY, algorithm="RS256").split(".")[1].encode()


def _decoded(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


TARGETS = (
    Target("tokens", tokens, (_TOKEN.encode(), _TOKEN[:-9].encode(), b"a.b.c", b"..")),
    Target(
        "signed-claims",
        signed_claims,
        tuple(_decoded(_claims(**one)) for one in ({}, {"nbf": 1}, {"iat": 1e9}, {"aud": "x"})),
    ),
)
