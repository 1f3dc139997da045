"""In whose name Transcribe is called, and where."""

from dataclasses import dataclass
from typing import NamedTuple

from aiobotocore.session import AioSession, get_session

from services.common.errors import EngineUnavailable
from services.common.settings import SettingsError
from services.transcriber.settings import Stability


class Keys(NamedTuple):
    """As they are now: they don't change any more, and may expire."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None


@dataclass(frozen=True)
class Account:
    """Credentials come from the environment as for any AWS client."""

    region: str
    endpoint: str
    """Empty: the region's own."""
    stability: Stability
    session: AioSession

    @classmethod
    async def open(cls, endpoint: str, stability: Stability) -> "Account":
        """Raises SettingsError where region or credentials are missing."""
        session = get_session()
        region = session.get_config_variable("region")
        if not region:
            raise SettingsError("Transcribe: no AWS region; set AWS_DEFAULT_REGION")
        account = cls(region, endpoint, stability, session)
        try:
            await account.credentials()
        except EngineUnavailable as fault:
            raise SettingsError(
                f"{fault}; give the task a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from fault
        return account

    async def credentials(self) -> Keys:
        """Refreshed where they would expire within minutes. Raises EngineUnavailable, BotoCoreError."""
        found = await self.session.get_credentials()
        if found is None:
            raise EngineUnavailable("Transcribe: no AWS credentials")
        frozen = await found.get_frozen_credentials()
        return Keys(frozen.access_key, frozen.secret_key, frozen.token)
