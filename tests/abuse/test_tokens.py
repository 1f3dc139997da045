"""Who is let in: tokens that are forged, meant for something else, or no longer good; keys that can't be had."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import web
from botocore import UNSIGNED
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from services.cli.stack import Instance, Platform
from services.cli.stack.ports import free_ports
from tests.abuse.conftest import HOME, Target

pytestmark = pytest.mark.asyncio(loop_scope="package")

OWN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def genuine(platform: Platform) -> rsa.RSAPrivateKey:
    """The user pool's own key, from its disk, so that a claim can be wrong under a right signature."""
    folder = platform.data / "aws" / "state" / "cognito-pool-keys"
    key = serialization.load_pem_private_key((folder / f"{platform.provisioned.pool_id}-access.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def forged(token: str, key: Any, algorithm: str = "RS256", kid: str | None = None, **changes: object) -> str:
    """A token as this one but for its signature, its header and some claims; None leaves a claim out."""
    claims = {**jwt.decode(token, options={"verify_signature": False}), **changes}
    header = {"kid": kid or jwt.get_unverified_header(token)["kid"]}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers=header)


def hs256_with_public_key(token: str, key: rsa.RSAPrivateKey) -> str:
    """What a verifier that trusts ``alg`` takes for signed: the public key as the secret. PyJWT refuses to make one."""
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT", "kid": jwt.get_unverified_header(token)["kid"]}
    parts = [jwt.utils.base64url_encode(json.dumps(head).encode()), token.split(".")[1].encode()]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(b".".join(parts), public)
    return b".".join([*parts, jwt.utils.base64url_encode(signature)]).decode()


async def id_token(platform: Platform) -> str:
    made = platform.provisioned
    async with get_session().create_client(
        "cognito-idp", region_name="us-east-1", endpoint_url=made.endpoint, config=AioConfig(signature_version=UNSIGNED)
    ) as cognito:
        answer = await cognito.initiate_auth(
            ClientId=made.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": made.demo_speaker, "PASSWORD": made.demo_password},
        )
    token: str = answer["AuthenticationResult"]["IdToken"]
    return token


async def statuses(target: Target, token: str, session_id: str) -> set[int]:
    """How each entrance answers to this token."""
    async with target.rest(token) as rest, target.speak() as socket:
        start = {"type": "start", "token": token, "session": session_id}
        _, closed = await target.refusal(socket, **start)
        return {
            (await rest.post("/sessions", json={"title": "x", "source_language": "en"})).status_code,
            (await rest.get("/sessions")).status_code,
            (await rest.get(f"/sessions/{session_id}")).status_code,
            (await rest.patch(f"/sessions/{session_id}", json={"title": "x"})).status_code,
            (await rest.delete(f"/sessions/{session_id}")).status_code,
            closed,
        }


async def test_no_entrance_lets_anybody_in_with_a_token_that_is_wrong_in_anything(
    target: Target, platform: Platform, genuine: rsa.RSAPrivateKey
) -> None:
    session_id, anna, now = (await target.session())["session_id"], target.anna, time.time()
    issuer = jwt.decode(anna, options={"verify_signature": False})["iss"]
    wrong = {
        "alg none": forged(anna, None, "none"),
        "alg HS256, signed with the public key": hs256_with_public_key(anna, genuine),
        "alg RS512": forged(anna, genuine, "RS512"),
        "another's key by the name of ours": forged(anna, OWN_KEY),
        "a key that is not published": forged(anna, OWN_KEY, kid="mine"),
        "a key's name that is a path": forged(anna, OWN_KEY, kid="../../../dev/null"),
        "another pool": forged(anna, genuine, iss=f"{issuer}x"),
        "no issuer": forged(anna, genuine, iss=None),
        "another app": forged(anna, genuine, client_id="another"),
        "the app as audience alone": forged(anna, genuine, client_id=None, aud=platform.provisioned.client_id),
        "expired": forged(anna, genuine, exp=now - 60),
        "no expiry": forged(anna, genuine, exp=None),
        "not valid yet": forged(anna, genuine, nbf=now + 60),
        "of nobody": forged(anna, genuine, sub=None),
        "for another purpose": forged(anna, genuine, token_use="id"),
        "an id token": await id_token(platform),
        "a huge one": forged(anna, genuine, more="x" * 20_000),
        "cut off": anna[: len(anna) // 2],
    }
    async with target.rest(forged(anna, genuine)) as rest:
        assert (await rest.get("/sessions")).status_code == 200, "the forger is no good"
    for what, token in wrong.items():
        assert await statuses(target, token, session_id) == {401, 4401}, what


class Keys:
    """The pool's keys at an address of their own. ``asked``: how often; ``hanging``: while set, without an answer."""

    def __init__(self, content: bytes) -> None:
        self.asked = 0
        self.hanging = asyncio.Event()
        self._content = content

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        while self.hanging.is_set():  # noqa: ASYNC110 (it is cleared, not set)
            await asyncio.sleep(0.01)
        return web.Response(body=self._content, content_type="application/json")

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Within the block, by this URL."""
        application = web.Application()
        application.router.add_get("/keys", self.answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOME, 0).start()
            yield f"http://{HOME}:{runner.addresses[0][1]}/keys"
        finally:
            await runner.cleanup()


async def test_made_up_keys_neither_flood_the_provider_nor_hold_up_those_who_have_a_real_one(
    target: Target, platform: Platform, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        keys = Keys((await http.get(platform.environment["DRAGOMAN_JWKS_URL"])).content)
    (port,) = free_ports(1)
    async with keys.served() as url, httpx.AsyncClient(base_url=f"http://{HOME}:{port}", timeout=30) as rest:
        env = {**platform.environment, "DRAGOMAN_JWKS_URL": url}
        ingest = Instance("ingest", 9, port, env=env, log=tmp_path / "ingest.log")
        ingest.start()
        try:
            await ingest.ready()

            async def ask(token: str) -> int:
                return (await rest.get("/sessions", headers={"authorization": f"Bearer {token}"})).status_code

            keys.hanging.set()
            before = keys.asked
            forgeries = [forged(target.anna, OWN_KEY, kid=f"made-up-{number}") for number in range(60)]
            async with asyncio.TaskGroup() as tasks:
                asking = [tasks.create_task(ask(token)) for token in forgeries]
                answers = [await ask(target.anna) for _ in range(20)]
                assert answers == [200] * 20
                assert not all(one.done() for one in asking) or keys.asked == before
                keys.hanging.clear()
            assert {one.result() for one in asking} <= {401, 503}
            assert keys.asked <= before + 1
            assert await ask(target.anna) == 200
        finally:
            await ingest.stop()
