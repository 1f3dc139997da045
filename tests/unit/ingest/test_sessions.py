"""The rules of sessions where neither HTTP nor the speaker's socket has a part."""

from collections.abc import AsyncIterator

import pytest

from services.common.contracts import Session, State
from services.common.kafka import KafkaUnavailable, Received
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
