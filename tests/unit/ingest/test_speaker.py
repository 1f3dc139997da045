"""The speaker's socket, over real sockets, with Kafka and the store faked."""

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import msgspec
import pytest
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed

from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Mark, Session, State
from services.ingest import metrics
from tests.unit.ingest.fakes import (
    SAMPLES,
    Ingest,
    Signer,
    acknowledged,
    frame,
    receive,
    running,
    to_the_end,
    until,
)

NO_TIME = 1e-6


@pytest.fixture
async def ingest(signer: Signer) -> AsyncIterator[Ingest]:
    async with running(signer) as ingest:
        yield ingest


# --- before ready ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "name"),
    [
        ({"token": ""}, 4401, "token"),
        ({"token": "not.a.token"}, 4401, "token"),
        ({"session": "nobody-has-this"}, 4404, "unknown_session"),
        ({"next_seq": -1}, 4400, "malformed"),
        ({"next_seq": "7"}, 4400, "malformed"),
        ({"next_seq": 2**31}, 4400, "malformed"),
        ({"session": None}, 4400, "malformed"),
    ],
)
async def test_a_wrong_start_is_told_what_is_wrong(
    ingest: Ingest, changes: dict[str, object], code: int, name: str
) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        assert (await ingest.start(socket, session, **changes))["code"] == name
        assert (await to_the_end(socket))[0] == code
    assert ingest.publisher.frames(session.session_id) == []


@pytest.mark.parametrize("first", ["{", "[]", '{"type": "end"}', "[" * 60_000, frame(0)])
async def test_a_first_message_that_is_no_start_closes_as_malformed(ingest: Ingest, first: str | bytes) -> None:
    async with ingest.socket() as socket:
        await socket.send(first)
        assert (await to_the_end(socket))[0] == 4400


async def test_an_expired_token_is_not_let_in(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        answer = await ingest.start(socket, session, token=ingest.signer.token(exp=1_000_000_000))
        assert "expired" in answer["message"]
        assert (await to_the_end(socket))[0] == 4401


async def test_nobody_speaks_in_a_session_of_another(ingest: Ingest) -> None:
    session = await ingest.session(owner="somebody-else")
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        assert (await to_the_end(socket))[0] == 4403


async def test_nobody_speaks_in_a_session_that_has_ended(ingest: Ingest) -> None:
    session = await ingest.session()
    await ingest.sessions.end(session)
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        assert (await to_the_end(socket))[0] == 4410


async def test_a_socket_without_a_start_is_closed(signer: Signer) -> None:
    async with running(signer, start_timeout_s=0.05) as ingest, ingest.socket() as socket:
        assert (await to_the_end(socket))[0] == 4408


async def test_a_socket_without_a_start_holds_up_no_restart(signer: Signer) -> None:
    async with running(signer) as ingest, ingest.socket() as socket:
        await until(lambda: metrics.SOCKETS._value.get() > 0)
        ingest.service.stopping.set()
        assert (await to_the_end(socket))[0] == 1012


async def test_frames_before_ready_close_as_malformed(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        start = {"type": "start", "token": ingest.signer.token(), "session": session.session_id, "next_seq": 0}
        socket.transport.write(_both(json.dumps(start).encode(), frame(0)))
        code, said = await to_the_end(socket)
    assert code == 4400
    assert [message["type"] for message in said] == ["error"]


def _both(text: bytes, binary: bytes) -> bytes:
    """Two client frames in one write, masked with zeros."""
    return b"".join(
        bytes([0x80 | opcode, 0x80 | 126]) + len(data).to_bytes(2, "big") + bytes(4) + data
        for opcode, data in ((1, text), (2, binary))
    )


async def test_a_store_that_is_gone_asks_the_speaker_to_come_again(ingest: Ingest) -> None:
    session = await ingest.session()
    ingest.store.gone = True
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        assert (await to_the_end(socket))[0] == 1013


# --- frames ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        frame(0)[:19],
        frame(0, samples=0),
        frame(0) + b"\0",
        frame(0, samples=16_001),
        frame(1),
        frame(0, first_sample=2**60),
        "{",
        '{"type": 7}',
        "[" * 60_000,
    ],
    ids=["empty", "short header", "no samples", "odd", "over a second", "gap", "far", "json", "wrong type", "deep"],
)
async def test_what_is_no_frame_and_no_message_closes_as_malformed(ingest: Ingest, wrong: str | bytes) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(wrong)
        code, said = await to_the_end(socket)
    assert code == 4400
    assert said[-1]["type"] == "error"
    assert ingest.publisher.frames(session.session_id) == []


async def test_a_message_that_is_far_too_big_closes_the_socket(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        with contextlib.suppress(ConnectionClosed):
            await socket.send(bytes(100_000))
        assert (await to_the_end(socket))[0] == 1009


async def test_floor_audio_that_goes_back_closes_as_malformed(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await socket.send(frame(1, first_sample=SAMPLES - 1))
        code, said = await to_the_end(socket)
    assert code == 4400
    assert {"type": "ack", "seq": 0} in said


async def test_floor_audio_may_jump_forward(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await socket.send(frame(1, first_sample=50 * SAMPLES))
        await acknowledged(socket, 1)
    assert [one.first_sample for one in ingest.publisher.frames(session.session_id)] == [0, 50 * SAMPLES]


async def test_what_never_came_is_told_with_the_frame_after_it_and_counted(ingest: Ingest) -> None:
    session, before = await ingest.session(), metrics.MISSING._value.get()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await socket.send(frame(1, first_sample=50 * SAMPLES))
        await socket.send(frame(2, first_sample=51 * SAMPLES))
        await acknowledged(socket, 2)
    assert [one.missing_samples for one in ingest.publisher.frames(session.session_id)] == [0, 49 * SAMPLES, 0]
    assert metrics.MISSING._value.get() - before == pytest.approx(49 * SAMPLES / SAMPLE_RATE)


@pytest.mark.parametrize("silence", ["pause", "mute"])
async def test_what_was_meant_to_be_silent_is_not_missing(ingest: Ingest, silence: str) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        for said in (silence, "resume"):
            await socket.send(json.dumps({"type": said}))
            while (await receive(socket))["type"] != "state":
                pass
        await socket.send(frame(1, first_sample=50 * SAMPLES))
        await acknowledged(socket, 1)
    assert not any(one.missing_samples for one in ingest.publisher.frames(session.session_id))


async def test_a_client_that_knows_nothing_of_what_came_before_goes_on_as_long_after_it_as_time_has_passed(
    ingest: Ingest,
) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0, captured_at_ms=now_ms() - 30_000))
        await acknowledged(socket, 0)
    async with ingest.socket() as socket:
        ready = await ingest.start(socket, session)
        missing_s = (ready["next_sample"] - SAMPLES) / SAMPLE_RATE
        assert 30 <= missing_s < 40
        assert ready["missing_ms"] == pytest.approx(1000 * missing_s)
        await socket.send(frame(1, first_sample=ready["next_sample"]))
        await acknowledged(socket, 1)
    assert ingest.publisher.frames(session.session_id)[-1].missing_samples == ready["next_sample"] - SAMPLES


async def test_a_client_that_resumes_its_own_talk_has_nothing_missing(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0, captured_at_ms=now_ms() - 30_000))
        await acknowledged(socket, 0)
    async with ingest.socket() as socket:
        await ingest.start(socket, session, next_seq=1)
        await socket.send(frame(1))
        await acknowledged(socket, 1)
    assert not any(one.missing_samples for one in ingest.publisher.frames(session.session_id))


async def test_a_repeated_frame_is_acknowledged_and_not_published_again(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await acknowledged(socket, 0)
        await socket.send(frame(0))
        await acknowledged(socket, 0)
    assert len(ingest.publisher.frames(session.session_id)) == 1


@pytest.mark.parametrize("captured_at_ms", [math.nan, math.inf, 0.0, -1e300, 4e12])
async def test_a_clock_that_jumps_is_replaced_by_the_time_of_arrival(ingest: Ingest, captured_at_ms: float) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0, captured_at_ms=captured_at_ms))
        await acknowledged(socket, 0)
    (published,) = ingest.publisher.frames(session.session_id)
    assert published.captured_at_ms == published.received_at_ms
    assert abs(published.received_at_ms - now_ms()) < 5_000


async def test_a_message_of_an_unknown_type_is_ignored(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send('{"type": "wave", "hand": "left"}')
        await socket.send(frame(0))
        await acknowledged(socket, 0)


async def test_half_a_minute_that_was_kept_while_cut_off_may_come_at_once(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        for seq in range(313):
            await socket.send(frame(seq))
        await acknowledged(socket, 312)


async def test_ten_times_real_time_is_stopped(signer: Signer) -> None:
    async with running(signer, audio_burst_s=3.0) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            with contextlib.suppress(ConnectionClosed):
                for seq in range(200):
                    await socket.send(frame(seq))
            assert (await to_the_end(socket))[0] == 4429
        assert len(ingest.publisher.frames(session.session_id)) < 40


async def test_a_live_socket_on_which_nothing_comes_is_closed(signer: Signer) -> None:
    async with running(signer, idle_timeout_s=0.05) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            assert (await to_the_end(socket))[0] == 4408


# --- states ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "mark"), [("pause", Mark.PAUSE), ("mute", Mark.MUTE)])
async def test_frames_of_a_paused_or_muted_floor_are_acknowledged_and_dropped(
    ingest: Ingest, asked: str, mark: Mark
) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await socket.send(json.dumps({"type": asked}))
        await socket.send(frame(1))
        await socket.send('{"type": "resume"}')
        await socket.send(frame(2))
        said = []
        while (message := await receive(socket)) != {"type": "ack", "seq": 2}:
            said.append(message)
    assert [message["state"] for message in said if message["type"] == "state"] == [
        f"{asked}d",
        "live",
    ]
    assert [one.mark or one.seq for one in ingest.publisher.frames(session.session_id)] == [0, mark, 2]


async def test_the_end_is_confirmed_after_every_frame_was(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await socket.send('{"type": "end"}')
        code, said = await to_the_end(socket)
    assert code == 1000
    assert said == [{"type": "ack", "seq": 0}, {"type": "state", "state": "ended"}]
    assert [one.mark or one.seq for one in ingest.publisher.frames(session.session_id)] == [0, Mark.END]
    assert ingest.store.sessions[session.session_id].state is State.ENDED


async def test_an_end_over_rest_reaches_the_socket(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await acknowledged(socket, 0)
        await ingest.sessions.end(session)
        assert (await to_the_end(socket))[0] == 4410
    marks = ingest.publisher.frames(session.session_id)
    assert [(one.mark or one.seq, one.first_sample) for one in marks] == [(0, 0), (Mark.END, SAMPLES)]


async def test_a_pause_at_another_task_reaches_the_socket_and_is_marked_in_the_audio(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await acknowledged(socket, 0)
        known = ingest.view.open[session.session_id]
        ingest.view.apply(msgspec.structs.replace(known, state=State.PAUSED, revision=known.revision + 1))
        assert await receive(socket) == {"type": "state", "state": "paused"}
    assert [one.mark or one.seq for one in ingest.publisher.frames(session.session_id)] == [0, Mark.PAUSE]


async def test_a_second_speaker_takes_over_where_the_first_was(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as first, ingest.socket() as second:
        await ingest.start(first, session)
        await first.send(frame(0))
        ready = await ingest.start(second, session)
        assert (await to_the_end(first))[0] == 4409
        assert (ready["next_seq"], ready["next_sample"]) == (1, SAMPLES)
        await second.send(frame(1))
        await acknowledged(second, 1)
    assert [one.seq for one in ingest.publisher.frames(session.session_id)] == [0, 1]


async def test_a_second_speaker_at_another_task_takes_over(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        known = ingest.view.open[session.session_id]
        ingest.view.apply(msgspec.structs.replace(known, speaker="2/1", revision=known.revision + 1))
        assert (await to_the_end(socket))[0] == 4409


async def test_one_speaker_can_not_have_all_recognizers(signer: Signer) -> None:
    async with running(signer, speaker_live_sessions=2) as ingest:
        first, second, third = [await ingest.session() for _ in range(3)]
        others = await ingest.session(owner="speaker-2")
        async with ingest.socket() as socket, ingest.socket() as again:
            await ingest.start(socket, first)
            await ingest.start(again, second)
            async with ingest.socket() as refused:
                await ingest.start(refused, third)
                assert (await to_the_end(refused))[0] == 4430
            assert ingest.store.sessions[third.session_id].state is State.CREATED
            async with ingest.socket() as another:
                token = ingest.signer.token("speaker-2")
                assert (await ingest.start(another, others, token=token))["type"] == "ready"
            await again.send('{"type": "mute"}')
            assert (await receive(again))["state"] == "muted"
            async with ingest.socket() as refused:
                await ingest.start(refused, third)
                assert (await to_the_end(refused))[0] == 4430
            await again.send('{"type": "pause"}')
            assert (await receive(again))["state"] == "paused"
            async with ingest.socket() as admitted:
                assert (await ingest.start(admitted, third))["type"] == "ready"
                await again.send('{"type": "resume"}')
                assert (await to_the_end(again))[0] == 4430


async def test_who_is_muted_goes_on_though_the_limit_is_reached(signer: Signer) -> None:
    async with running(signer, speaker_live_sessions=1) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            for kind, state in (("mute", "muted"), ("resume", "live")):
                await socket.send(json.dumps({"type": kind}))
                assert (await receive(socket))["state"] == state


async def test_a_talk_too_many_is_refused_before_it_begins_and_those_that_have_begun_go_on(signer: Signer) -> None:
    async with running(signer, live_sessions=2) as ingest:
        first, second, third = [await ingest.session(owner=f"speaker-{number}") for number in (1, 2, 3)]
        tokens = [ingest.signer.token(f"speaker-{number}") for number in (1, 2, 3)]
        async with ingest.socket() as one, ingest.socket() as other:
            await ingest.start(one, first, token=tokens[0])
            await ingest.start(other, second, token=tokens[1])
            await other.send('{"type": "mute"}')
            assert (await receive(other))["state"] == "muted"
            async with ingest.socket() as refused:
                said = await ingest.start(refused, third, token=tokens[2])
                assert (said["type"], said["code"]) == ("error", "full")
                assert (await to_the_end(refused))[0] == 4431
            assert ingest.store.sessions[third.session_id].state is State.CREATED
            await one.send('{"type": "pause"}')
            assert (await receive(one))["state"] == "paused"
            async with ingest.socket() as admitted:
                assert (await ingest.start(admitted, third, token=tokens[2]))["type"] == "ready"
                await one.send('{"type": "resume"}')
                assert (await receive(one))["state"] == "live"


async def test_who_was_live_comes_back_though_the_limit_is_reached(signer: Signer) -> None:
    async with running(signer, speaker_live_sessions=1) as ingest:
        session = await ingest.session()
        for _ in range(2):
            async with ingest.socket() as socket:
                assert (await ingest.start(socket, session))["state"] == "live"


# --- trouble -----------------------------------------------------------------------------------------


async def test_while_kafka_is_gone_the_socket_is_not_read_and_then_the_speaker_is_told(signer: Signer) -> None:
    async with running(signer, in_flight_frames=4, kafka_timeout_s=0.3) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            await socket.send(frame(0))
            await acknowledged(socket, 0)
            ingest.publisher.gone = True
            for seq in range(1, 30):
                await socket.send(frame(seq))
            assert (await to_the_end(socket))[0] == 1013
        assert len(ingest.publisher.frames(session.session_id)) == 1 + 4
        ingest.publisher.come_back()
        async with ingest.socket() as socket:
            assert (await ingest.start(socket, session, next_seq=1))["next_seq"] == 1
            for seq in range(1, 30):
                await socket.send(frame(seq))
            await acknowledged(socket, 29)


async def test_frames_are_acknowledged_in_order_when_kafka_confirms_late(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        ingest.publisher.gone = True
        for seq in range(10):
            await socket.send(frame(seq))
        await until(lambda: len(ingest.publisher.frames(session.session_id)) == 10)
        ingest.publisher.come_back()
        await acknowledged(socket, 9)
    assert [one.seq for one in ingest.publisher.frames(session.session_id)] == list(range(10))


async def test_a_restart_acknowledges_what_kafka_has_and_closes_with_1012(signer: Signer) -> None:
    async with running(signer) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            ingest.publisher.gone = True
            for seq in range(5):
                await socket.send(frame(seq))
            await until(lambda: len(ingest.publisher.frames(session.session_id)) == 5)
            ingest.service.stopping.set()
            ingest.publisher.come_back()
            code, said = await to_the_end(socket)
    assert code == 1012
    assert [message["seq"] for message in said if message["type"] == "ack"][-1] == 4


async def test_a_bad_client_harms_nobody_else(ingest: Ingest) -> None:
    good, bad = await ingest.session(), await ingest.session()
    async with ingest.socket() as speaker:
        await ingest.start(speaker, good)
        for seq in range(20):
            async with ingest.socket() as nuisance:
                await ingest.start(nuisance, bad)
                await nuisance.send(b"nonsense")
            await speaker.send(frame(seq))
            await acknowledged(speaker, seq)
    assert [one.seq for one in ingest.publisher.frames(good.session_id)] == list(range(20))


@pytest.mark.parametrize("state", [State.LIVE, State.MUTED])
async def test_a_client_that_vanishes_leaves_its_session_on_air_until_the_grace_is_over(
    signer: Signer, state: State
) -> None:
    async with running(signer, grace_s=NO_TIME) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            await socket.send(frame(0))
            await acknowledged(socket, 0)
            if state is State.MUTED:
                await socket.send('{"type": "mute"}')
                assert (await receive(socket))["state"] == state
            socket.transport.abort()
        await until(lambda: bool(ingest.floors.abandoned(NO_TIME)))
        assert ingest.store.sessions[session.session_id].state is state
        await ingest.keeper.look()
        assert ingest.store.sessions[session.session_id].state is State.PAUSED
        marked = ingest.publisher.frames(session.session_id)[-1]
        assert (marked.mark, marked.first_sample) == (Mark.PAUSE, SAMPLES)
        async with ingest.socket() as socket:
            assert (await ingest.start(socket, session, next_seq=1))["state"] == "paused"


async def test_a_client_that_is_gone_when_two_answers_are_due_is_no_fault_of_this_service(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server says so to whoever sends first; to the second, that nothing may be sent any more."""
    session, update, stored = await ingest.session(), ingest.store.update, asyncio.Event()
    start = {"type": "start", "token": ingest.signer.token(), "session": session.session_id}
    coming = asyncio.Queue[MutableMapping[str, Any]]()
    coming.put_nowait({"type": "websocket.connect"})
    coming.put_nowait({"type": "websocket.receive", "text": json.dumps(start)})

    async def slowly(*which: Any, **what: Any) -> Session | None:
        changed = await update(*which, **what)
        if what.get("state") is State.PAUSED:
            ingest.publisher.come_back()
            await stored.wait()
        return changed

    async def send(message: MutableMapping[str, Any]) -> None:
        if '"ready"' in message.get("text", ""):
            ingest.publisher.gone = True
            coming.put_nowait({"type": "websocket.receive", "bytes": frame(0)})
            coming.put_nowait({"type": "websocket.receive", "text": '{"type": "pause"}'})
        elif '"ack"' in message.get("text", ""):
            stored.set()
            raise OSError

    monkeypatch.setattr(ingest.store, "update", slowly)
    left = metrics.CLOSED.labels("client")
    before = left._value.get()
    await ingest.speaking.serve(WebSocket({"type": "websocket"}, coming.get, send))
    assert left._value.get() == before + 1


@pytest.mark.parametrize("what", ["store", "publisher"])
async def test_a_speaker_who_could_not_come_back_leaves_a_session_that_is_paused_in_the_end(
    signer: Signer, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(signer, grace_s=NO_TIME) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
        taken = ingest.sessions.take_floor

        async def fail(of: Session, connection: str) -> Session:
            ingest.store.gone, ingest.publisher.refuses = what == "store", what == "publisher"
            return await taken(of, connection)

        monkeypatch.setattr(ingest.sessions, "take_floor", fail)
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            assert (await to_the_end(socket))[0] == 1013
        ingest.store.gone = ingest.publisher.refuses = False
        await until(lambda: bool(ingest.floors.abandoned(NO_TIME)))
        for _ in range(2):
            await ingest.keeper.look()
        assert ingest.store.sessions[session.session_id].state is State.PAUSED


async def test_a_speaker_who_is_back_within_the_grace_keeps_the_session_live(signer: Signer) -> None:
    async with running(signer, grace_s=NO_TIME) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            await ingest.keeper.look()
            assert ingest.store.sessions[session.session_id].state is State.LIVE


async def test_a_session_that_is_too_old_ends(signer: Signer) -> None:
    async with running(signer, max_session_s=NO_TIME) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            await ingest.keeper.look()
            assert (await to_the_end(socket))[0] == 4410
        assert ingest.publisher.frames(session.session_id)[-1].mark is Mark.END


async def test_where_another_task_spoke_since_only_the_client_knows_where_it_goes_on(ingest: Ingest) -> None:
    session = await ingest.session()
    async with ingest.socket() as socket:
        await ingest.start(socket, session)
        await socket.send(frame(0))
        await acknowledged(socket, 0)
    await ingest.store.update(session.session_id, speaker="2/1")
    async with ingest.socket() as socket:
        ready = await ingest.start(socket, session, next_seq=100)
        assert ready["next_seq"] == 100
        assert ready["next_sample"] >= 0
        await socket.send(frame(100))
        await acknowledged(socket, 100)


async def test_a_client_that_begins_with_the_highest_number_is_heard_all_the_same(ingest: Ingest) -> None:
    session, highest = await ingest.session(), 2**31 - 1
    for first in (highest, highest + 2):
        async with ingest.socket() as socket:
            ready = await ingest.start(socket, session, next_seq=highest)
            assert ready["next_seq"] == first
            for seq in (first, first + 1):
                await socket.send(frame(seq))
            await acknowledged(socket, first + 1)
    assert [one.seq - highest for one in ingest.publisher.frames(session.session_id)] == [0, 1, 2, 3]


async def test_ending_twice_marks_the_audio_once(ingest: Ingest) -> None:
    session = await ingest.session()
    ended = await ingest.sessions.end(session)
    await ingest.sessions.end(ended)
    assert [one.mark for one in ingest.publisher.frames(session.session_id)] == [Mark.END]
