"""Clips' URLs as listeners see them being made: nothing overtakes one, and where there is none they are told."""

import asyncio

import pytest

from services.common.errors import EngineUnavailable
from services.notifier import announcer
from services.notifier.listener import Listener
from services.notifier.presign import Presigner
from tests.unit.notifier.records import caption, session, speech
from tests.unit.notifier.serving import serving


async def test_nothing_overtakes_a_clip_whose_url_is_being_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    sign, may_sign = Presigner.url, asyncio.Event()

    async def late(presigner: Presigner, key: str) -> str:
        await may_sign.wait()
        return await sign(presigner, key)

    monkeypatch.setattr(Presigner, "url", late)
    async with serving() as served:
        served.take(session())
        async with served.joined() as one, served.joined() as other, served.joined(audio=False) as reader:
            served.take(caption(0), speech(0))
            served.take(caption(1))
            assert await reader.some(2) == [("caption", 0), ("caption", 1)]
            served.take(caption(2))
            assert await reader.some(1) == [("caption", 2)]
            may_sign.set()
            for ears in (one, other):
                assert await ears.some(4) == [("caption", 0), ("speech", 0), ("caption", 1), ("caption", 2)]
            assert len(served.signed) == 1


@pytest.mark.parametrize("hangs", [False, True])
async def test_who_can_not_be_served_speech_is_told_and_readers_go_on(
    monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    async def fail(_: Presigner, __: str) -> str:
        if hangs:
            await asyncio.Event().wait()
        raise EngineUnavailable("no credentials")

    monkeypatch.setattr(Presigner, "url", fail)
    monkeypatch.setattr(announcer, "_SIGN_S", 0.1)
    async with serving() as served:
        served.take(session())
        async with served.joined() as one, served.joined() as other, served.joined(audio=False) as reader:
            served.take(caption(0), speech(0))
            for ears in (one, other):
                code, before = await ears.closed()
                assert code == 1013
                assert [message["type"] for message in before] == ["caption", "error"]
                assert before[1]["code"] == "unavailable"
            served.take(caption(1))
            assert await reader.some(2) == [("caption", 0), ("caption", 1)]


async def test_a_clips_url_is_there_before_its_listeners_are_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    signed_before: list[int] = []
    send_news = Listener.send_news

    def noted(listener: Listener) -> None:
        signed_before.append(len(served.signed))
        send_news(listener)

    async with serving() as served:
        served.take(session())
        async with served.joined() as ears:
            served.take(caption(0))
            assert await ears.some(1) == [("caption", 0)]
            monkeypatch.setattr(Listener, "send_news", noted)
            served.take(speech(0))
            assert await ears.some(1) == [("speech", 0)]
    assert set(signed_before) == {1}
