"""A speaker who comes back at another task, or after a restart: the floor goes on where Kafka has it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection

from services.common.clock import now_ms
from services.common.contracts import SAMPLE_RATE, Frame, Mark, Session
from services.common.kafka import KafkaUnavailable
from services.ingest.floor import Position
from tests.unit.ingest.fakes import SAMPLES, Ingest, Signer, acknowledged, frame, receive, running, to_the_end, until


@pytest.fixture
async def first(signer: Signer) -> AsyncIterator[Ingest]:
    async with running(signer, instance="1") as ingest:
        yield ingest


@pytest.fixture(params=["2", "1"], ids=["another", "restarted"])
async def second(signer: Signer, first: Ingest, request: pytest.FixtureRequest) -> AsyncIterator[Ingest]:
    async with running(signer, first, instance=request.param) as ingest:
        yield ingest


async def say(socket: ClientConnection, control: str) -> None:
    """Send a control, and wait for the state that it leads to."""
    await socket.send(json.dumps({"type": control}))
    while (await receive(socket))["type"] != "state":
        pass


def missing(ingest: Ingest, session: Session) -> list[int]:
    """Samples that are marked as missing before each frame."""
    return [one.missing_samples for one in ingest.publisher.frames(session.session_id) if one.mark is None]


async def test_a_machine_that_died_goes_on_as_long_after_its_last_frame_as_time_has_passed(
    first: Ingest, second: Ingest
) -> None:
    session = await first.session()
    async with first.socket() as socket:
        await first.start(socket, session)
        await socket.send(frame(0))
        await socket.send(frame(1, captured_at_ms=now_ms() - 30_000))
        await acknowledged(socket, 1)
    async with second.socket() as socket:
        ready = await second.start(socket, session)
        gap = ready["next_sample"] - 2 * SAMPLES
        assert 30 <= gap / SAMPLE_RATE < 40
        assert ready["missing_ms"] == pytest.approx(1000 * gap / SAMPLE_RATE)
        await socket.send(frame(2, first_sample=ready["next_sample"]))
        await acknowledged(socket, 2)
    assert missing(first, session) == [0, 0, gap]


async def test_what_a_client_could_not_keep_is_missing(first: Ingest, second: Ingest) -> None:
    session = await first.session()
    async with first.socket() as socket:
        await first.start(socket, session)
        await socket.send(frame(0))
        await acknowledged(socket, 0)
    async with second.socket() as socket:
        await second.start(socket, session, next_seq=1)
        await socket.send(frame(1, first_sample=50 * SAMPLES))
        await acknowledged(socket, 1)
    assert missing(first, session) == [0, 49 * SAMPLES]


async def test_a_client_that_kept_all_sends_what_kafka_has_not_and_nothing_is_missing(
    first: Ingest, second: Ingest
) -> None:
    session = await first.session()
    async with first.socket() as socket:
        await first.start(socket, session)
        for seq in range(3):
            await socket.send(frame(seq, captured_at_ms=now_ms() - 30_000))
        await acknowledged(socket, 2)
    async with second.socket() as socket:
        ready = await second.start(socket, session, next_seq=1)  # the last acknowledgements did not reach it
        assert ready["next_seq"] == 3
        assert "missing_ms" not in ready
        await socket.send(frame(3))
        await acknowledged(socket, 3)
    assert missing(first, session) == [0, 0, 0, 0]


@pytest.mark.parametrize("silence", ["pause", "mute"])
@pytest.mark.parametrize("resumed", [True, False])
async def test_a_silence_that_was_meant_is_not_missing(
    first: Ingest, second: Ingest, silence: str, resumed: bool
) -> None:
    session = await first.session()
    async with first.socket() as socket:
        await first.start(socket, session)
        await socket.send(frame(0, captured_at_ms=now_ms() - 30_000))
        await say(socket, silence)
        if resumed:
            await say(socket, "resume")
    async with second.socket() as socket:
        ready = await second.start(socket, session)
        assert "missing_ms" not in ready
        if not resumed:
            await say(socket, "resume")
        seq = ready["next_seq"]
        await socket.send(frame(seq, first_sample=ready["next_sample"] + 50 * SAMPLES))
        await acknowledged(socket, seq)
    assert missing(first, session) == [0, 0]


async def test_a_floor_that_can_t_be_looked_up_now_is_looked_up_when_the_client_comes_again(
    first: Ingest, second: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: Session) -> Position | None:
        raise KafkaUnavailable("no broker")

    session = await first.session()
    async with first.socket() as socket:
        await first.start(socket, session)
        await socket.send(frame(0))
        await acknowledged(socket, 0)
    with monkeypatch.context() as patch:
        patch.setattr(second.speaking.audio, "position", away)
        async with second.socket() as socket:
            await second.start(socket, session, next_seq=1)
            assert (await to_the_end(socket))[0] == 1013
    async with second.socket() as socket:
        await second.start(socket, session, next_seq=1)
        await socket.send(frame(1, first_sample=50 * SAMPLES))
        await acknowledged(socket, 1)
    assert missing(first, session) == [0, 49 * SAMPLES]


@pytest.mark.parametrize("found", [True, False], ids=["found", "not found"])
@pytest.mark.parametrize("silence", [None, "pause", "mute"])
async def test_a_client_without_history_never_begins_before_what_was_said(
    first: Ingest, second: Ingest, silence: str | None, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the next one, when the first has only looked in."""

    async def nothing(_: Session) -> Position | None:
        return None

    session = await first.session()
    first.store.sessions[session.session_id] = msgspec.structs.replace(
        first.store.sessions[session.session_id], created_at_ms=now_ms() - 600_000
    )
    said_to = 500 * SAMPLE_RATE
    async with first.socket() as socket:
        await first.start(socket, session)
        await socket.send(frame(0, first_sample=said_to - SAMPLES))
        await acknowledged(socket, 0)
        if silence:
            await say(socket, silence)
    if not found:
        monkeypatch.setattr(second.speaking.audio, "position", nothing)
    for _ in range(2):
        async with second.socket() as socket:
            ready = await second.start(socket, session)
            assert ready["next_sample"] >= said_to


async def test_a_task_that_knows_the_floor_looks_nothing_up(first: Ingest) -> None:
    session = await first.session()
    for seq in range(3):
        async with first.socket() as socket:
            await first.start(socket, session, next_seq=seq)
            await socket.send(frame(seq))
            await acknowledged(socket, seq)
    assert first.audio.looks == 0


PLAN = st.lists(st.tuples(st.sampled_from(["next", "gap", "pause", "again"]), st.integers(1, 5)), max_size=30)


@given(PLAN)
def test_a_floor_stands_where_its_records_lead_however_often_frames_lie_there(plan: Sequence[tuple[str, int]]) -> None:
    position, expected, sent = Position(), Position(), []
    for kind, number in plan:
        seq, sample = expected.next_seq, expected.next_sample
        if kind == "pause":
            sent.append(record(seq, sample, mark=Mark.PAUSE))
            expected.flows = False
        elif kind == "again":
            sent += [one for one in sent[-number:] if one.mark is None]
        else:
            sample += number * SAMPLES if kind == "gap" else 0
            sent.append(record(seq, sample))
            expected = Position(seq + 1, sample + SAMPLES, flows=True, captured_at_ms=float(seq))
    for one in sent:
        position.follow(one)
    assert position == expected


def record(seq: int, first_sample: int, mark: Mark | None = None) -> Frame:
    return Frame(
        session_id="s1",
        language="en",
        seq=seq,
        first_sample=first_sample,
        captured_at_ms=float(seq),
        received_at_ms=0.0,
        pcm=b"" if mark else bytes(2 * SAMPLES),
        mark=mark,
    )


async def test_frames_that_kafka_confirms_after_the_speaker_has_gone_to_another_task_and_back_make_no_gap(
    signer: Signer,
) -> None:
    async with running(signer, instance="1") as first, running(signer, first, instance="2") as second:
        session = await first.session()
        second.view.apply(session)
        left = await first.socket()
        await first.start(left, session)
        await left.send(frame(0))
        await acknowledged(left, 0)
        first.publisher.gone = True
        await left.send(frame(1))
        await until(lambda: bool(first.publisher._open))
        late, first.publisher._open = first.publisher._open, []
        first.publisher.gone = False
        await left.close()  # it waits for Kafka to take that frame
        async with second.socket() as socket:
            await second.start(socket, first.store.sessions[session.session_id], next_seq=1)
            for seq in range(2, 6):
                await socket.send(frame(seq))
            await acknowledged(socket, 5)
        async with first.socket() as back:
            coming = asyncio.create_task(first.start(back, session, next_seq=6))
            await until(lambda: first.floors.floor(session.session_id).turn.locked())
            for one in late:
                one.set_result(None)
            await coming
            await back.send(frame(6))
            await acknowledged(back, 6)
        assert first.publisher.frames(session.session_id)[-1].missing_samples == 0
