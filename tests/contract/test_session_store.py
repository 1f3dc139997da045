"""Every session store keeps the same promises: the one in memory for tests, and DynamoDB."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from services.cli.stack.provision import SESSIONS_TABLE
from services.common.clock import now_ms
from services.common.contracts import Session, State
from services.ingest.ports import CodeTaken, SessionStore, StoreUnavailable
from services.ingest.store import DynamoSessionStore
from tests.unit.ingest.fakes import InMemorySessionStore


@pytest.fixture(params=["memory", "dynamodb"])
async def store(request: pytest.FixtureRequest, aws_environment: object) -> AsyncIterator[SessionStore]:
    if request.param == "memory":
        yield InMemorySessionStore()
        return
    async with DynamoSessionStore.open(SESSIONS_TABLE, "us-east-1") as dynamo:
        yield dynamo


def session(name: str, **changes: Any) -> Session:
    """A session whose id, code and owner are of this test alone."""
    made = Session(
        session_id=f"id-{name}-{now_ms():.3f}",
        code=f"code-{name}-{now_ms():.3f}",
        title="A talk, «übersetzt»",
        owner=f"owner-{name}-{now_ms():.3f}",
        source_language="en",
        target_languages=("pt", "es"),
        created_at_ms=now_ms(),
        updated_at_ms=now_ms(),
    )
    return msgspec.structs.replace(made, **changes)


async def test_what_was_created_is_found_by_id_and_by_code(store: SessionStore) -> None:
    made = session("found")
    await store.create(made, 60)
    assert await store.get(made.session_id) == made
    assert await store.find_code(made.code) == made
    assert await store.get("nobody") is None
    assert await store.find_code("nobody") is None


async def test_no_targets_come_back_as_no_targets(store: SessionStore) -> None:
    made = session("open", target_languages=None)
    await store.create(made, 60)
    assert await store.get(made.session_id) == made


async def test_of_two_sessions_with_one_code_the_second_is_not_made(store: SessionStore) -> None:
    first, second = session("first"), session("second")
    await store.create(first, 60)
    with pytest.raises(CodeTaken):
        await store.create(msgspec.structs.replace(second, code=first.code), 60)
    assert await store.get(second.session_id) is None
    assert await store.find_code(first.code) == first


async def test_many_who_want_one_code_at_once_get_it_once(store: SessionStore) -> None:
    first = session("race")
    rivals = [session(f"race{number}", code=first.code) for number in range(8)]
    answers = await asyncio.gather(*(store.create(one, 60) for one in rivals), return_exceptions=True)
    assert [type(answer) for answer in answers].count(CodeTaken) == 7


async def test_a_code_that_has_expired_or_was_forgotten_is_free_again(store: SessionStore) -> None:
    first, second, third = session("one"), session("two"), session("three")
    await store.create(first, -10)
    assert await store.find_code(first.code) is None
    await store.create(msgspec.structs.replace(second, code=first.code), 60)
    await store.forget_code(first.code)
    await store.create(msgspec.structs.replace(third, code=first.code), 60)
    found = await store.find_code(first.code)
    assert found is not None
    assert found.session_id == third.session_id


async def test_an_update_changes_what_is_given_and_the_time(store: SessionStore) -> None:
    made = session("update")
    await store.create(made, 60)
    changed = await store.update(made.session_id, state=State.LIVE, speaker="1/1")
    assert changed is not None
    assert (changed.state, changed.speaker, changed.title) == (State.LIVE, "1/1", made.title)
    assert changed.updated_at_ms >= made.updated_at_ms
    assert changed.revision == made.revision + 1
    assert await store.get(made.session_id) == changed


async def test_an_update_happens_only_from_the_states_and_for_the_speaker_that_it_names(store: SessionStore) -> None:
    made = session("only")
    await store.create(made, 60)
    assert await store.update(made.session_id, state=State.LIVE, only_from=(State.PAUSED, State.MUTED)) is None
    assert await store.update(made.session_id, state=State.PAUSED, only_speaker="1/1") is None
    assert await store.update(made.session_id, state=State.LIVE, speaker="1/1") is not None
    assert await store.update(made.session_id, state=State.PAUSED, only_from=(State.LIVE,), only_speaker="1/1")
    assert await store.update("nobody", title="x") is None


async def test_what_has_ended_never_changes_again(store: SessionStore) -> None:
    made = session("ended")
    await store.create(made, 60)
    ended = await store.update(made.session_id, state=State.ENDED)
    assert await store.update(made.session_id, state=State.LIVE) is None
    assert await store.update(made.session_id, state=State.ENDED) is None
    assert await store.get(made.session_id) == ended


async def test_an_owner_sees_own_sessions_newest_first(store: SessionStore) -> None:
    first = session("mine")
    second = session("later", created_at_ms=first.created_at_ms + 5, owner=first.owner)
    for one in (first, second, session("others")):
        await store.create(one, 60)
    assert [one.session_id for one in await store.of_owner(first.owner)] == [second.session_id, first.session_id]
    assert await store.of_owner("nobody") == []


async def test_a_store_that_can_not_be_reached_says_so(
    aws_environment: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    async with DynamoSessionStore.open(SESSIONS_TABLE, "us-east-1") as dynamo:
        assert not await dynamo.reachable()
        with pytest.raises(StoreUnavailable):
            await dynamo.get("anything")
