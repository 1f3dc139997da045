"""The rules of sessions where neither HTTP nor the speaker's socket has a part."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from services.common.contracts import Mark, Session, State
from services.common.kafka import KafkaUnavailable, Received
from services.ingest.ports import StoreUnavailable
from services.ingest.sessions import Change, Refused
from tests.unit.ingest.fakes import Signer, running, until


async def test_what_is_too_long_for_a_name_is_unknown_without_asking_the_store(signer: Signer) -> None:
    async with running(signer) as ingest:
        ingest.store.gone = True
        for asked in (ingest.sessions.find("x" * 3_000), ingest.sessions.owned("x" * 3_000, "speaker-1")):
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
                await ingest.sessions.find(asked)
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
