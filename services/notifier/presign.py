"""URLs by which listeners fetch clips: signed once, shared by all listeners of a clip, signed again in good time."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from services.common.errors import EngineUnavailable
from services.notifier import metrics

LIFETIME_S = 600
"""How long a URL is good for."""
_KEPT = 4_000

Sign = Callable[[str], Awaitable[str]]


class Presigner:
    """Object key to URL, with at least half of its lifetime left."""

    def __init__(self, sign: Sign, clock: Callable[[], float]) -> None:
        """sign: a fresh URL for a key. clock: steady milliseconds."""
        self._sign = sign
        self._clock = clock
        self._signed: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._signing = asyncio.Lock()

    async def url(self, key: str) -> str:
        """Raises EngineUnavailable where there are no credentials to sign with."""
        async with self._signing:  # hundreds want the same one in the same moment
            if (url := self.fresh(key)) is not None:
                return url
            url = await self._sign(key)
            metrics.PRESIGNED.labels("signed").inc()
            self._signed[key] = (self._clock(), url)
            self._signed.move_to_end(key)
            if len(self._signed) > _KEPT:
                self._signed.popitem(last=False)
            return url

    def fresh(self, key: str) -> str | None:
        """One that was signed already, if it still has half of its lifetime."""
        signed_at_ms, url = self._signed.get(key, (float("-inf"), ""))
        if self._clock() - signed_at_ms >= LIFETIME_S * 1000 / 2:
            return None
        metrics.PRESIGNED.labels("cache").inc()
        return url


@asynccontextmanager
async def open_signer(
    bucket: str, endpoint: str | None, region: str, lifetime_s: int = LIFETIME_S
) -> AsyncIterator[Sign]:
    """Signs gets of the bucket's objects with SigV4; sends nothing. Credentials come from the environment as usual."""
    config = AioConfig(signature_version="s3v4", s3={"addressing_style": "path"} if endpoint else {})
    async with get_session().create_client("s3", region_name=region, endpoint_url=endpoint, config=config) as client:

        async def sign(key: str) -> str:
            try:
                url: str = await client.generate_presigned_url(
                    "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=lifetime_s
                )
            except (BotoCoreError, ClientError) as fault:
                raise EngineUnavailable(f"can't sign a URL: {fault}") from fault
            return url

        yield sign
