"""The rules of sessions where neither HTTP nor the speaker's socket has a part."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence

import msgspec
import pytest

from services.common.contracts import Mark, Session, State
from services.common.kafka import KafkaUnavailable, Received
from services.ingest.ports import StoreUnavailable
from services.ingest.refused import Refused
from services.ingest.sessions import Change, NewSession
from tests.unit.ingest.fakes import Ingest, InMemorySessionStore, Signer, running, until

ADDRESS = "203.0.113.7"


async def test_what_is_too_long_for_a_name_is_unknown_without_asking_the_store(signer: Signer) -> None:
    async with running(signer) as ingest:
        ingest.store.gone = True
        for asked in (ingest.sessions.find("x" * 3_000, ADDRESS), ingest.sessions.owned("x" * 3_000, "speaker-1")):
            with pytest.raises(Refused) as refused:
                await asked
            assert refused.value.status == 404


async def test_a_pause_that_kafka_did_not_take_is_announced_at_the_next_look(signer: Signer) -> None:
    async with running(signer, grace_s=0.01) as ingest:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
        await until(lambda: bool(ingest.floors.abandoned(0.01)))
        ingest.publisher.refuses = True
        with pytest.raises(KafkaUnavailable):
            await ingest.keeper.look()
        ingest.publisher.refuses = False
        await ingest.keeper.look()
        states = [one.state for one in ingest.publisher.records if isinstance(one, Session)]
        assert states == [State.CREATED, State.LIVE, State.PAUSED]
        assert ingest.view.open[session.session_id].state is State.PAUSED


async def test_an_older_state_that_was_announced_last_is_followed_by_the_newest(signer: Signer) -> None:
    async with running(signer) as ingest:
        created = await ingest.session()
        await ingest.sessions.change(created, Change(title="Another"))

        async def topic() -> AsyncIterator[Received[Session]]:
            yield Received(created, "sessions", 0, 7, 0.0)

        await ingest.view.follow(topic())
        await ingest.keeper.look()
        last = ingest.publisher.records[-1]
        assert (last.title, last.revision) == ("Another", created.revision + 1)


async def test_an_end_that_the_store_did_not_take_is_the_end_and_is_stored_when_it_can_be(signer: Signer) -> None:
    async with running(signer) as ingest:
        session = await ingest.session()
        ingest.store.gone = True
        ended = await ingest.sessions.end(session)
        assert ended.state is State.ENDED
        with pytest.raises(StoreUnavailable):
            await ingest.keeper.look()
        ingest.store.gone = False
        assert ingest.store.sessions[session.session_id].state is State.CREATED
        await ingest.keeper.look()
        assert ingest.store.sessions[session.session_id].state is State.ENDED
        await ingest.keeper.look()
        assert [one.mark for one in ingest.publisher.frames(session.session_id)] == [Mark.END]
        states = [one.state for one in ingest.publisher.records if isinstance(one, Session)]
        assert states == [State.CREATED, State.ENDED]


async def test_what_was_announced_as_ended_is_ended_whatever_the_store_says(signer: Signer) -> None:
    """The task that ended it died before the store had it."""
    async with running(signer) as ingest:
        session = await ingest.session()
        ingest.view.apply(msgspec.structs.replace(session, state=State.ENDED))
        for asked in (session.session_id, session.code):
            with pytest.raises(Refused) as refused:
                await ingest.sessions.find(asked, ADDRESS)
            assert refused.value.status == 410
        (listed,) = await ingest.sessions.of_owner(session.owner)
        assert listed.state is State.ENDED
        with pytest.raises(Refused) as refused:
            await ingest.sessions.change(listed, Change(state="live"))
        assert refused.value.status == 410
        await ingest.keeper.look()
        assert ingest.store.sessions[session.session_id].state is State.ENDED


async def test_an_end_that_kafka_did_not_take_is_completed_without_being_asked_for_again(signer: Signer) -> None:
    async with running(signer) as ingest:
        session = await ingest.session()
        ingest.publisher.refuses = True
        with pytest.raises(KafkaUnavailable):
            await ingest.sessions.end(session)
        assert session.session_id in ingest.view.open
        ingest.publisher.refuses = False
        await ingest.keeper.look()
        assert session.session_id not in ingest.view.open
        assert [one.mark for one in ingest.publisher.frames(session.session_id)] == [Mark.END]
        assert ingest.store.sessions[session.session_id].state is State.ENDED


async def refusals(asked: Sequence[Awaitable[object]]) -> list[str]:
    """Why each of those that were refused was, all asked at once."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, Session | Refused) for answer in answers)
    return [answer.code for answer in answers if isinstance(answer, Refused)]


@pytest.fixture
async def slow(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ingest]:
    """One whose store takes its time, and whose speakers may have three sessions, two of them live."""

    async def answer(_: InMemorySessionStore) -> None:
        await asyncio.sleep(0.05)

    async with running(signer, speaker_sessions=3, speaker_live_sessions=2) as ingest:
        monkeypatch.setattr(InMemorySessionStore, "_answer", answer)
        yield ingest


async def test_codes_that_are_guessed_at_once_are_no_more_than_one_after_the_other(slow: Ingest) -> None:
    refused = await refusals([slow.sessions.find(f"zz{number:05}", ADDRESS) for number in range(1_000)])
    assert refused.count("unknown_session") == 150
    assert refused.count("too_many_failures") == 850


async def test_a_right_code_that_many_ask_for_at_once_is_found_for_all(slow: Ingest) -> None:
    session = await slow.session()
    found = await asyncio.gather(*(slow.sessions.find(session.code.upper(), ADDRESS) for _ in range(500)))
    assert {one.session_id for one in found} == {session.session_id}


async def test_sessions_that_are_made_at_once_are_limited_as_those_one_after_the_other(slow: Ingest) -> None:
    new = NewSession("A talk", "en")
    assert await refusals([slow.sessions.create("anna", new) for _ in range(8)]) == ["too_many_sessions"] * 5
    await slow.sessions.create("ben", new)
    await slow.sessions.end(next(one for one in slow.view.open.values() if one.owner == "anna"))
    await slow.sessions.create("anna", new)


async def test_sessions_that_go_live_at_once_are_limited_as_those_one_after_the_other(slow: Ingest) -> None:
    made = [await slow.session() for _ in range(3)]
    assert await refusals([slow.sessions.take_floor(one, "1/1") for one in made]) == ["too_many_live"]
    live = next(one for one in slow.view.open.values() if one.state is State.LIVE)
    await slow.sessions.change(live, Change(state="paused"))
    assert await refusals([slow.sessions.change(live, Change(state="live"))]) == []


async def test_a_talk_that_is_announced_and_not_quite_done_takes_one_place(signer: Signer) -> None:
    async with running(signer, live_sessions=2) as ingest:
        first, second = await ingest.session(), await ingest.session()
        ingest.publisher.gone = True
        going = asyncio.create_task(ingest.sessions.take_floor(first, "1/1"))
        await until(lambda: ingest.store.sessions[first.session_id].state is State.LIVE)
        ingest.view.apply(ingest.store.sessions[first.session_id])
        coming = asyncio.create_task(ingest.sessions.take_floor(second, "1/2"))
        await until(lambda: ingest.store.sessions[second.session_id].state is State.LIVE or coming.done())
        ingest.publisher.come_back()
        assert [one.state for one in await asyncio.gather(going, coming)] == [State.LIVE] * 2


@pytest.mark.parametrize("title", ["\u202egpj.exe", "a\u2066b\u2069", "\u200b\u2060", "\ufeff", "\u00a0", "a\x00"])
async def test_a_title_that_shows_what_is_not_written_or_nothing_is_none(signer: Signer, title: str) -> None:
    async with running(signer) as ingest:
        with pytest.raises(Refused, match="seen"):
            await ingest.sessions.create("anna", NewSession(title, "en"))


@pytest.mark.parametrize("title", ["שלום", "مرحبا \u200fabc", "👩\u200d🔬 <b>&amp;", "می\u200cخواهم", "1"])
async def test_a_title_may_be_in_any_script_and_hold_any_sign(signer: Signer, title: str) -> None:
    async with running(signer) as ingest:
        assert (await ingest.sessions.create("anna", NewSession(title, "en"))).title == title
