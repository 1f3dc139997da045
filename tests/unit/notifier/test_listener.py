"""The listener's socket, over a real one."""

import asyncio
import json
import socket as sockets
from typing import Any

import pytest
from websockets.asyncio.client import connect

from services.common.contracts import LaneFinished, State
from services.notifier.hub import Hub
from services.notifier.listener import Patience
from services.notifier.presign import LIFETIME_S
from services.notifier.room import Seat
from tests.unit.notifier.records import caption, session, speech
from tests.unit.notifier.serving import Ears, Served, serving


async def refused(served: Served, *messages: str | bytes) -> tuple[int, list[dict[str, Any]]]:
    """What becomes of a socket that sends these."""
    async with connect(served.url, compression=None, proxy=None) as socket:
        for message in messages:
            await socket.send(message)
        return await Ears(socket).closed()


def a_join(**message: Any) -> str:
    return json.dumps({"type": "join", "session": "s1", "language": "pt"} | message)


async def test_a_listener_joins_and_gets_captions_and_speech_in_order() -> None:
    async with serving() as served:
        served.take(session(target_languages=("pt",)))
        async with connect(served.url, compression=None, proxy=None) as socket:
            ears = Ears(socket)
            joined = await ears.join("pt", session="calm-otter-7")
            assert {key: joined[key] for key in ("session_id", "title", "state", "language", "source_language")} == {
                "session_id": "s1",
                "title": "A talk",
                "state": "live",
                "language": "pt",
                "source_language": "en",
            }
            assert joined["next_index"] == 0
            assert "gap" not in joined
            served.take(caption(0), caption(1), speech(0), caption(2), speech(1))
            first = await ears.next()
            assert first["text"] == "s1 pt 0"
            assert first["previous_mark"] == ""
            assert first["source"] == "words 0"
            assert first["spoken"] is True
            assert first["sent_at_ms"] > 0
            assert {"translate", "translations_topic", "notify"} <= set(first["stages"])
            assert "failed" not in first
            assert "history" not in first
            said = await ears.next()
            assert said["type"] == "speech"
            assert said["url"] == "https://clips.example/s1/pt/000000.flac?signature=1"
            assert said["duration_ms"] == 900.0
            assert await ears.some(3) == [("caption", 1), ("speech", 1), ("caption", 2)]


async def test_a_late_listener_sees_the_last_captions_as_history_and_then_what_comes() -> None:
    async with serving() as served:
        served.take(session(), *(caption(index) for index in range(10)))
        async with served.joined(after=None) as ears:
            shown = [await ears.next() for _ in range(3)]
            assert [(one["index"], one["history"]) for one in shown] == [(7, True), (8, True), (9, True)]
            served.take(caption(10))
            assert "history" not in await ears.next()


async def test_a_resumed_listener_gets_only_what_is_later_with_fresh_urls() -> None:
    now = 0.0
    async with serving(clock=lambda: now) as served:
        served.take(session(), *(one(index) for index in range(4) for one in (caption, speech)))
        async with served.joined(after=1) as ears:
            first = [await ears.next() for _ in range(4)]
            assert [(one["type"], one["index"]) for one in first] == [
                ("caption", 2),
                ("speech", 2),
                ("caption", 3),
                ("speech", 3),
            ]
        now = LIFETIME_S * 1000.0
        async with served.joined(after=2) as ears:
            again = [await ears.next() for _ in range(2)]
            assert again[1]["index"] == 3
            assert again[1]["url"] != first[3]["url"]


async def test_captions_only_listeners_get_no_speech_and_nothing_is_signed_for_them() -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined(audio=False) as ears:
            served.take(caption(0), speech(0), caption(1))
            assert await ears.some(2) == [("caption", 0), ("caption", 1)]
            assert served.signed == []


async def test_a_switch_from_a_language_that_was_behind_leaves_nothing_out() -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined("pt") as ears:
            served.take(caption(0), speech(0))
            assert await ears.some(2) == [("caption", 0), ("speech", 0)]
            served.take(*(one(index, language="es") for index in range(6) for one in (caption, speech)))
            await ears.join("es", from_ms=1_000.0)
            came = await ears.some(10)
            assert [index for kind, index in came if kind == "speech"] == [1, 2, 3, 4, 5]
            assert [index for kind, index in came if kind == "caption"] == [1, 2, 3, 4, 5]


async def test_a_switch_brings_only_the_new_language_from_its_answer_on() -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined("pt") as ears:
            served.take(*(caption(index) for index in range(5)))
            served.take(*(caption(index, language="es") for index in range(3)))
            await ears.join("es")
            await served.until_listeners(1)
            served.take(caption(5), caption(3, language="es"))
            after = [await ears.next() for _ in range(4)]
            assert [(one["language"], one["index"]) for one in after] == [("es", 0), ("es", 1), ("es", 2), ("es", 3)]


async def test_who_switches_goes_by_their_own_will_and_who_is_cut_off_may_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[tuple[str, bool]] = []
    leave = Hub.leave

    def noted(self: Hub, seat: Seat, *, moved: bool = False) -> None:
        left.append((seat.language, moved))
        leave(self, seat, moved=moved)

    monkeypatch.setattr(Hub, "leave", noted)
    async with serving() as served:
        served.take(session())
        async with served.joined("pt") as ears:
            await ears.join("es")
        await served.until_listeners(0)
    assert left == [("pt", True), ("es", False)]


async def test_the_end_reaches_listeners_and_closes_when_all_was_sent() -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined() as ears:
            served.take(session(state=State.PAUSED))
            assert await ears.next() == {"type": "state", "state": "paused"}
            served.take(caption(0), session(state=State.ENDED))
            assert (await ears.next(), (await ears.next())["type"]) == (
                {"type": "state", "state": "ended"},
                "caption",
            )
            code, before = await refused(served, a_join())
            assert (code, before[0]["code"]) == (4410, "ended")
            served.take(speech(0), LaneFinished(session_id="s1", language="pt", segments=1, previous_mark="."))
            code, before = await ears.closed()
            assert code == 1000
            assert [one["type"] for one in before] == ["speech", "ended"]
            assert before[1] == {"type": "ended", "segments": 1, "previous_mark": "."}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        ([b"\x00"], 4400),
        (["[" * 2_000], 4400),
        ([a_join(), "nonsense"], 4400),
        ([a_join(session="nowhere")], 4404),
        ([a_join(language="xx")], 4406),
        ([a_join(), a_join(language="xx")], 4406),
        (["x" * 5_000], 1009),
    ],
)
async def test_what_can_not_be_served_is_refused_with_its_code(messages: list[str | bytes], code: int) -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined() as other:
            given, before = await refused(served, *messages)
            assert given == code
            if code != 1009:
                assert before[-1]["type"] == "error"
                assert before[-1]["message"]
            served.take(caption(0))
            assert await other.some(1) == [("caption", 0)]


async def test_a_session_that_is_announced_a_moment_after_the_join_is_joined() -> None:
    async with serving() as served, connect(served.url, compression=None, proxy=None) as socket:
        await socket.send(a_join())
        asyncio.get_running_loop().call_later(0.2, served.take, session())
        assert (await Ears(socket).next())["type"] == "joined"


async def test_unknown_message_types_are_ignored() -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined() as ears:
            await ears.send(type="applause")
            await ears.join("es")


async def test_a_socket_without_a_join_is_closed() -> None:
    async with serving(patience=Patience(join_s=0.05, keep_up_s=20)) as served:
        assert (await refused(served, '{"type":"hello"}'))[0] == 4400


async def test_a_full_notifier_says_so_and_lets_its_listeners_switch() -> None:
    async with serving(listeners=1) as served:
        served.take(session())
        async with served.joined() as ears:
            code, before = await refused(served, a_join())
            assert (code, before[0]["code"]) == (1013, "full")
            await ears.join("es")
        await served.until_listeners(0)
        async with served.joined():
            pass


async def test_a_listener_that_never_reads_is_let_go_and_delays_nobody() -> None:
    async with serving(patience=Patience(join_s=10, keep_up_s=0.5)) as served:
        served.take(session())
        raw = sockets.socket()
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", served.port))
        async with connect(served.url, sock=raw, compression=None, proxy=None, max_queue=1) as deaf:
            await deaf.send(a_join())
            await served.until_listeners(1)
            async with served.joined() as ears:
                deaf.transport.pause_reading()
                index = 0
                async with asyncio.timeout(20):
                    while served.hub.listeners > 1:
                        served.take(*(caption(at) for at in range(index, index + 50)))
                        assert await ears.some(50) == [("caption", at) for at in range(index, index + 50)]
                        index += 50
            deaf.transport.abort()


async def test_a_stop_closes_every_socket_with_restart() -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined() as ears, connect(served.url, compression=None, proxy=None) as silent:
            served.notifier.stop()
            code, _ = await ears.closed()
            assert code == 1012
            code, _ = await Ears(silent).closed()
            assert code == 1012


async def test_a_notice_is_encoded_once_for_all_who_are_told_together() -> None:
    async with serving() as served:
        served.take(session())
        async with served.joined() as one, served.joined() as other:
            served.take(caption(0), speech(0))
            assert [await one.next(), await one.next()] == [await other.next(), await other.next()]
            assert served.signed == ["s1/pt/000000.flac"]
