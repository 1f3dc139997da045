"""Tokens for MSK, by Amazon's own signer: as AWS describes them, signed off the loop, renewed."""

import asyncio
import base64
import hashlib
import hmac
import threading
import time
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore.credentials import CredentialProvider, ReadOnlyCredentials
from botocore.exceptions import MetadataRetrievalError

from services.common.kafka import Cluster, iam
from services.common.kafka.iam import IamTokens
from services.common.kafka.sign_in import SignInFailed
from services.common.settings import Settings, SettingsError

KEYS = ReadOnlyCredentials("AKEY", "a secret", "a session's token")
_LIMIT_S = 10.0


class Given(CredentialProvider):  # type: ignore[misc]
    """Credentials of the test; counts how often they are asked for."""

    METHOD = "test"

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.fault: Exception | None = None
        self.may = threading.Event()
        self.may.set()

    def load(self) -> ReadOnlyCredentials:
        self.asked += 1
        self.may.wait(_LIMIT_S)
        if self.fault is not None:
            raise self.fault
        return KEYS


def signature(url: str) -> str:
    """What Signature Version 4 of a presigned request should be, after AWS's own description of it."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    _, day, region, service, _ = asked["X-Amz-Credential"].split("/")
    signed = sorted((name, value) for name, value in asked.items() if name not in ("X-Amz-Signature", "User-Agent"))
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in signed)
    canonical = f"GET\n/\n{query}\nhost:{parts.netloc}\n\nhost\n{hashlib.sha256(b'').hexdigest()}"
    scope = f"{day}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{asked['X-Amz-Date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{KEYS.secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


async def test_a_token_is_a_request_to_connect_that_the_credentials_sign() -> None:
    token = await IamTokens("eu-west-1", Given()).token()
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    asked = dict(parse_qsl(urlsplit(url).query))
    assert urlsplit(url).netloc == "kafka.eu-west-1.amazonaws.com"
    assert asked["Action"] == "kafka-cluster:Connect"
    assert asked["X-Amz-Credential"].split("/")[0] == KEYS.access_key
    assert asked["X-Amz-Credential"].split("/")[2:] == ["eu-west-1", "kafka-cluster", "aws4_request"]
    assert asked["X-Amz-Security-Token"] == KEYS.token
    assert asked["X-Amz-Expires"] == "900"
    assert asked["X-Amz-Signature"] == signature(url)


async def test_connections_made_at_once_share_a_token_and_later_ones_get_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credentials = Given()
    tokens = IamTokens("eu-west-1", credentials)
    assert len(set(await asyncio.gather(*(tokens.token() for _ in range(20))))) == 1
    assert credentials.asked == 1
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: time.monotonic() + iam._SHARED_S)
    await tokens.token()
    assert credentials.asked == 2


async def test_the_loop_goes_on_while_credentials_are_fetched() -> None:
    credentials = Given()
    credentials.may.clear()
    signing = asyncio.create_task(IamTokens("eu-west-1", credentials).token())
    async with asyncio.timeout(_LIMIT_S):
        while not credentials.asked:  # noqa: ASYNC110 (a thread asks)
            await asyncio.sleep(0)
    assert not signing.done()
    credentials.may.set()
    assert await signing


async def test_credentials_that_never_come_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam, "_SIGN_S", 0.05)
    credentials = Given()
    credentials.may.clear()
    try:
        with pytest.raises(SignInFailed, match=r"no AWS credentials within 0\.05 s"):
            await IamTokens("eu-west-1", credentials).token()
    finally:
        credentials.may.set()


async def test_credentials_that_fail_are_asked_for_again() -> None:
    credentials = Given()
    credentials.fault = MetadataRetrievalError(error_msg="unreachable")
    tokens = IamTokens("eu-west-1", credentials)
    with pytest.raises(SignInFailed, match="unreachable"):
        await tokens.token()
    credentials.fault = None
    assert await tokens.token()


async def test_a_task_without_credentials_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    without_any(monkeypatch)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(SignInFailed, match="give the task a role, or set AWS_ACCESS_KEY_ID"):
        await IamTokens.of_this_task().token()


def test_a_missing_region_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    without_any(monkeypatch)
    with pytest.raises(SettingsError, match="set AWS_DEFAULT_REGION"):
        Cluster.of(Settings(kafka_sign_in="iam"))


def without_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that AWS's library would find."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
