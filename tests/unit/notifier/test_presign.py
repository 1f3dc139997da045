"""URLs are signed once for all, and again before they get old."""

import asyncio

from services.notifier.presign import LIFETIME_S, Presigner


class Signer:
    def __init__(self) -> None:
        self.signed: list[str] = []

    async def __call__(self, key: str) -> str:
        await asyncio.sleep(0)
        self.signed.append(key)
        return f"{key}?{len(self.signed)}"


async def test_hundreds_who_want_a_clip_at_once_share_one_signature() -> None:
    signer = Signer()
    presigner = Presigner(signer, lambda: 0.0)
    urls = await asyncio.gather(*(presigner.url("a") for _ in range(300)))
    assert set(urls) == {"a?1"}
    assert signer.signed == ["a"]


async def test_a_url_has_at_least_half_of_its_life_left() -> None:
    signer, now = Signer(), 0.0
    presigner = Presigner(signer, lambda: now)
    assert await presigner.url("a") == "a?1"
    now = LIFETIME_S * 500 - 1.0
    assert await presigner.url("a") == "a?1"
    now += 1.0
    assert await presigner.url("a") == "a?2"
    assert await presigner.url("b") == "b?3"
