"""Signing in to Amazon MSK by IAM: tokens that the credentials of the task sign."""

import asyncio

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, NoCredentialsError
from botocore.session import Session

from services.common.kafka.sign_in import SignInFailed, Tokens
from services.common.settings import SettingsError

_SIGN_S = 10.0
"""Where credentials are fetched from, AWS's library waits for seconds itself."""
_SHARED_S = 30.0
"""A sign-in is good for what is left of the token's 900 s: only connections made at the same time share one."""


class IamTokens(Tokens):
    """Tokens for MSK's brokers in a region; a token lets in for 900 s."""

    def __init__(self, region: str, credentials: CredentialProvider) -> None:
        self._region = region
        self._credentials = credentials
        self._signing = asyncio.Lock()
        self._token = ""
        self._shared_until = 0.0

    @classmethod
    def of_this_task(cls) -> "IamTokens":
        """Region and credentials come from the environment as for any AWS client. Raises SettingsError."""
        session = Session()
        region = session.get_config_variable("region")
        if not region:
            raise SettingsError("DRAGOMAN_KAFKA_SIGN_IN=iam: no AWS region; set AWS_DEFAULT_REGION to the cluster's")
        return cls(region, _Found(session))

    async def token(self) -> str:
        """Raises SignInFailed."""
        async with self._signing:
            now = asyncio.get_running_loop().time()
            if now >= self._shared_until:
                self._token = await self._signed()
                self._shared_until = now + _SHARED_S
            return self._token

    async def _signed(self) -> str:
        """In a thread: it takes milliseconds, and seconds where credentials have to be fetched."""
        sign = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider
        try:
            async with asyncio.timeout(_SIGN_S):
                token, _ = await asyncio.to_thread(sign, self._region, self._credentials)
        except NoCredentialsError as fault:
            raise SignInFailed(
                "no AWS credentials: give the task a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from fault
        except BotoCoreError as fault:
            raise SignInFailed(f"no AWS credentials: {fault}") from fault
        except TimeoutError:
            raise SignInFailed(f"no AWS credentials within {_SIGN_S:g} s") from None
        signed: str = token
        return signed


class _Found(CredentialProvider):  # type: ignore[misc]
    """What AWS's own chain finds, kept by its session and refreshed before it expires."""

    METHOD = "chain"

    def load(self) -> ReadOnlyCredentials:
        found = self.session.get_credentials()
        if found is None:
            raise NoCredentialsError
        return found.get_frozen_credentials()
