"""Calls of Amazon's services: clients with limits, failures told apart by code: what may work later, and what won't."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeVar

import structlog
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as TransportError
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.exceptions import ConnectionError as NoConnection

from services.common.errors import EngineRejected, EngineUnavailable
from services.common.settings import SettingsError
from services.translator.aws.breaker import Throttled
from services.translator.aws.quota import Quota

T = TypeVar("T")

MISSING_HERE = "choose a region that has them; until then talks go on with what there is"

_CONNECT_S = 1.0
_READ_S = 2.5
_WAIT_S = 2.0
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})
_NOT_LET_IN = frozenset(
    {"ExpiredTokenException", "ExpiredToken", "InvalidSignatureException", "UnrecognizedClientException"}
)
"""Credentials that are replaced just now, or have to be."""
_TRANSPORT = (HTTPClientError, NoConnection, CredentialRetrievalError, TransportError, OSError)

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_client(service: str, *, connections: int) -> AsyncIterator[Any]:
    """Region, credentials and endpoint come from the environment as for any AWS client; tries each call once.

    Raises SettingsError where there is no region.
    """
    config = AioConfig(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        max_pool_connections=connections,
        retries={"total_max_attempts": 1, "mode": "standard"},  # whoever calls knows how much time there is
    )
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(get_session().create_client(service, config=config))
        except NoRegionError as fault:
            raise SettingsError(f"{service}: no AWS region; set AWS_DEFAULT_REGION") from fault
        yield client


async def at_start(service: str, ask: Callable[[], Awaitable[T]]) -> T:
    """The first call, which waits, saying so, for a service that is away. Raises SettingsError where it is refused."""
    while True:
        try:
            return await ask()
        except EngineRejected as fault:
            raise SettingsError(f"{fault}; see that AWS credentials, region and permissions are right") from fault
        except EngineUnavailable as fault:
            if code_of(fault) in _NOT_LET_IN:
                raise SettingsError(f"{fault}; see that AWS credentials are right, and the clock") from fault
            log.warning("engine_awaited", service=service, reason=str(fault))
        await asyncio.sleep(_WAIT_S)


@contextmanager
def faults(what: str, quota: Quota | None = None) -> Iterator[None]:
    """Whatever a call raises, as EngineUnavailable or EngineRejected. A throttled one empties the quota's bucket."""
    try:
        yield
    except NoCredentialsError as fault:
        raise EngineRejected(f"{what}: no AWS credentials") from fault
    except ClientError as fault:
        reason = f"{what}: {code_of(fault)}: {fault.response['Error'].get('Message', '')}"
        status = fault.response["ResponseMetadata"]["HTTPStatusCode"]
        if code_of(fault) in _THROTTLED or status == 429:
            if quota:
                quota.throttled()
            raise Throttled(reason) from fault
        may_pass = status >= 500 or code_of(fault) in _NOT_LET_IN
        raise (EngineUnavailable if may_pass else EngineRejected)(reason) from fault
    except _TRANSPORT as fault:
        raise EngineUnavailable(f"{what}: {fault or type(fault).__name__}") from fault


def code_of(fault: BaseException | None) -> str:
    """The service's code for this fault or for its cause; empty: it has none."""
    if isinstance(fault, ClientError):
        return str(fault.response["Error"]["Code"])
    return code_of(fault.__cause__) if fault else ""
