"""Clips in S3, under keys made of the segment's identity and the audio: nobody can put another in a clip's place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as TransportError
from botocore.exceptions import BotoCoreError, ClientError

from services.common.errors import EngineUnavailable
from services.translator.ports import Clip

_CACHE_CONTROL = "private, max-age=86400, immutable"
_CONNECTIONS = 32
_WARM_CONNECTIONS = 2
_WAIT_S = 2.0
_REMEDY = "see that DRAGOMAN_CLIPS_BUCKET is there, in this region, and that credentials may use it"

log = structlog.get_logger(__name__)


class S3ClipStore:
    """``ClipStore`` in a bucket; region, credentials and endpoint come from the environment as for any AWS client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @classmethod
    @asynccontextmanager
    async def open(cls, bucket: str) -> AsyncIterator["S3ClipStore"]:
        """A store with open connections. Waits, saying so, until the bucket can be reached."""
        config = AioConfig(
            connect_timeout=1.0,
            read_timeout=2.0,
            max_pool_connections=_CONNECTIONS,
            retries={"total_max_attempts": 3, "mode": "standard"},
            request_checksum_calculation="when_required",  # TCP and the signature cover the clip already
        )
        async with get_session().create_client("s3", config=config) as client:
            store = cls(client, bucket)
            await store.wait_for_bucket()
            await asyncio.gather(*(store.check() for _ in range(_WARM_CONNECTIONS)))
            yield store

    async def wait_for_bucket(self) -> None:
        """Return once the bucket is there; until then, say why not."""
        while True:
            try:
                return await self.check()
            except EngineUnavailable as fault:
                log.warning("store_awaited", reason=str(fault), remedy=_REMEDY)
            await asyncio.sleep(_WAIT_S)

    async def check(self) -> None:
        """Whether the bucket is there and ours. Raises EngineUnavailable."""
        await self._call("head_bucket")

    async def put(self, key: str, clip: Clip) -> None:
        """See ``ClipStore``."""
        await self._call(
            "put_object",
            Key=key,
            Body=clip.audio,
            ContentType=clip.content_type,
            CacheControl=_CACHE_CONTROL,
            Metadata={"duration-ms": f"{clip.duration_ms:.3f}"},
        )

    async def _call(self, operation: str, **arguments: Any) -> None:
        try:
            await getattr(self._client, operation)(Bucket=self._bucket, **arguments)
        except (BotoCoreError, ClientError, TransportError, OSError) as fault:
            raise EngineUnavailable(f"S3 {operation} in {self._bucket}: {fault}") from fault
