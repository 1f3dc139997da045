"""What a task knows of sessions, however the announcements of several tasks cross."""

import itertools
from collections.abc import AsyncIterator

import msgspec
import pytest

from services.common.contracts import Session, State
from services.common.kafka import Received
from services.ingest import view as view_module
from services.ingest.view import SessionView

CREATED = Session(
    session_id="s1", code="abc2345", title="A talk", owner="o", source_language="en", created_at_ms=1, updated_at_ms=1
)


def at(revision: int, state: State, session_id: str = "s1") -> Session:
    """Announced by tasks whose clocks tell nothing: the later, the earlier it seems."""
    return msgspec.structs.replace(
        CREATED,
        session_id=session_id,
        code=f"code{session_id}",
        revision=revision,
        updated_at_ms=-revision,
        state=state,
    )


ANNOUNCED = (CREATED, at(2, State.LIVE), at(3, State.PAUSED), at(4, State.ENDED))
OPEN = (CREATED, at(1, State.LIVE), at(2, State.PAUSED), at(3, State.LIVE))


@pytest.mark.parametrize("order", list(itertools.permutations(ANNOUNCED)))
def test_a_session_that_has_ended_stays_so_in_whatever_order_tasks_are_heard(order: tuple[Session, ...]) -> None:
    view = SessionView()
    for session in order:
        view.apply(session)
    assert view.open == {}


@pytest.mark.parametrize("order", list(itertools.permutations(OPEN)))
def test_the_newest_state_wins_in_whatever_order_and_by_whatever_clocks_tasks_announce(
    order: tuple[Session, ...],
) -> None:
    view = SessionView()
    for session in order:
        view.apply(session)
    assert view.open == {"s1": OPEN[-1]}


async def read(view: SessionView, *sessions: Session) -> None:
    async def topic() -> AsyncIterator[Received[Session]]:
        for offset, session in enumerate(sessions):
            yield Received(session, "sessions", 0, offset, 0.0)

    await view.follow(topic())


@pytest.mark.parametrize("order", [*itertools.permutations(OPEN), *itertools.permutations(ANNOUNCED)])
async def test_an_older_state_that_the_topic_would_keep_is_known_until_the_newest_is_there_again(
    order: tuple[Session, ...],
) -> None:
    view = SessionView()
    await read(view, *order)
    newest = max(order, key=lambda session: session.revision)
    overtaken = list(view.overtaken.values())
    assert [one.state for one in overtaken] == ([] if order[-1] == newest else [newest.state])
    await read(view, *overtaken)
    assert not view.overtaken


async def test_who_waits_for_changes_hears_of_nothing_after_the_end() -> None:
    view = SessionView()
    with view.watch("s1") as watch:
        for session in (at(2, State.LIVE), at(4, State.ENDED), at(3, State.PAUSED)):
            view.apply(session)
        assert (await watch.next()).state is State.ENDED


def test_the_ended_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_module, "_ENDED_REMEMBERED", 4)
    view = SessionView()
    for name in ("s1", "s2", "s3"):
        view.apply(at(5, State.ENDED, name))
    assert [view.has_ended(name) for name in ("s1", "codes1", "s3", "codes3")] == [False, False, True, True]
    view.apply(at(4, State.LIVE, "s3"))
    view.apply(at(4, State.LIVE, "s1"))
    assert set(view.open) == {"s1"}
