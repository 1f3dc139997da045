"""Which tokens are let in."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import jwt
import pytest

from services.ingest.tokens import KeysUnavailable, TokenRejected, Tokens
from tests.unit.ingest.fakes import CLIENT, ISSUER, JWKS_URL, Signer


@pytest.fixture
async def tokens(signer: Signer) -> AsyncIterator[Tokens]:
    async with signer.http() as http:
        yield Tokens(http, jwks_url=JWKS_URL, issuer=ISSUER, client_id=CLIENT)


async def test_an_access_token_of_ours_tells_who_speaks(tokens: Tokens, signer: Signer) -> None:
    assert (await tokens.verify(signer.token("anna"))).subject == "anna"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": 1_000_000_000}, "expired"),
        ({"exp": None}, "not valid"),
        ({"iss": "https://elsewhere.test"}, "another issuer"),
        ({"client_id": "another-app"}, "another application"),
        ({"client_id": None, "aud": CLIENT, "token_use": "id"}, "not an access token"),
        ({"token_use": None}, "not an access token"),
        ({"sub": None}, "not valid"),
        ({"nbf": time.time() + 3600}, "not valid"),
    ],
)
async def test_a_token_that_is_wrong_is_rejected_with_the_reason(
    tokens: Tokens, signer: Signer, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(TokenRejected, match=reason):
        await tokens.verify(signer.token(**changes))  # type: ignore[arg-type]


async def test_a_token_signed_with_another_key_of_the_same_id_is_rejected(tokens: Tokens) -> None:
    with pytest.raises(TokenRejected, match="InvalidSignature"):
        await tokens.verify(Signer().token())


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 9_000, "é.é.é", "..", "eyJhbGciOiJub25lIn0.e30."])
async def test_what_is_no_token_is_rejected_without_asking_for_keys(tokens: Tokens, signer: Signer, token: str) -> None:
    before = signer.fetches
    with pytest.raises(TokenRejected):
        await tokens.verify(token)
    assert signer.fetches == before


async def test_an_unsigned_or_symmetric_token_is_rejected(tokens: Tokens) -> None:
    claims = {"sub": "x", "iss": ISSUER, "client_id": CLIENT, "token_use": "access", "exp": time.time() + 60}
    with pytest.raises(TokenRejected):
        await tokens.verify(jwt.encode(claims, "", algorithm="none", headers={"kid": "key-1"}))
    with pytest.raises(TokenRejected):
        await tokens.verify(jwt.encode(claims, "s" * 32, algorithm="HS256", headers={"kid": "key-1"}))


async def test_made_up_key_ids_do_not_make_us_fetch_keys_again_and_again(tokens: Tokens, signer: Signer) -> None:
    await tokens.verify(signer.token())
    before = signer.fetches
    stranger = Signer("made-up")
    for _ in range(20):
        with pytest.raises(TokenRejected, match="not ours"):
            await tokens.verify(stranger.token())
    assert signer.fetches == before


async def test_many_first_tokens_at_once_fetch_the_keys_once(tokens: Tokens, signer: Signer) -> None:
    before = signer.fetches
    token = signer.token()
    await asyncio.gather(*(tokens.verify(token) for _ in range(20)))
    assert signer.fetches == before + 1


async def test_without_keys_nobody_is_judged(tokens: Tokens, signer: Signer) -> None:
    signer.gone = True
    try:
        with pytest.raises(KeysUnavailable):
            await tokens.verify(signer.token())
    finally:
        signer.gone = False


@pytest.mark.parametrize("published", [[], None, "gone", {}, {"keys": 1}])
async def test_what_is_no_set_of_keys_is_none(published: object) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=published))) as http:
        tokens = Tokens(http, jwks_url=JWKS_URL, issuer=ISSUER, client_id=CLIENT)
        with pytest.raises(KeysUnavailable):
            await tokens.fetch()
        assert not tokens.have_keys
