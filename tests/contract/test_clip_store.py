"""Clips in S3, at a real endpoint."""

import httpx
import pytest
from aiobotocore.session import get_session

from services.common.errors import EngineUnavailable
from services.translator.ports import Clip
from services.translator.store import S3ClipStore

BUCKET = "dragoman-clips"
CLIP = Clip(audio=b"fLaC" * 1000, content_type="audio/flac", extension="flac", duration_ms=1234.5)

pytestmark = pytest.mark.usefixtures("aws_environment")


async def test_a_clip_can_be_fetched_as_it_was_stored() -> None:
    async with S3ClipStore.open(BUCKET) as store, get_session().create_client("s3") as s3:
        await store.put("store-test/es/000001.flac", CLIP)
        url = await s3.generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": "store-test/es/000001.flac"}
        )
        async with httpx.AsyncClient() as http:
            answer = await http.get(url)
    assert answer.content == CLIP.audio
    assert answer.headers["content-type"] == "audio/flac"
    assert "immutable" in answer.headers["cache-control"]


async def test_a_replay_overwrites() -> None:
    async with S3ClipStore.open(BUCKET) as store, get_session().create_client("s3") as s3:
        for audio in (b"one", b"two"):
            await store.put("store-test/es/000002.flac", Clip(audio, "audio/flac", "flac", 1.0))
        found = await s3.get_object(Bucket=BUCKET, Key="store-test/es/000002.flac")
        assert await found["Body"].read() == b"two"


async def test_a_bucket_that_is_not_there_is_unavailable() -> None:
    async with S3ClipStore.open(BUCKET) as store:
        missing = S3ClipStore(store._client, "no-such-bucket")
        with pytest.raises(EngineUnavailable, match="no-such-bucket"):
            await missing.put("a/b/000000.flac", CLIP)


async def test_an_endpoint_that_is_gone_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    async with S3ClipStore.open(BUCKET) as store:
        store._client.meta.events.register("before-send.s3", _refused)
        with pytest.raises(EngineUnavailable):
            await store.put("a/b/000000.flac", CLIP)


def _refused(**_: object) -> None:
    raise ConnectionRefusedError("gone")
