"""What a task knows of sessions, however the announcements of several tasks cross."""

import itertools

import msgspec
import pytest

from services.common.contracts import Session, State
from services.ingest import view as view_module
from services.ingest.view import SessionView

CREATED = Session(
    session_id="s1", code="abc2345", title="A talk", owner="o", source_language="en", created_at_ms=1, updated_at_ms=1
)


def at(updated_at_ms: float, state: State, session_id: str = "s1") -> Session:
    return msgspec.structs.replace(
        CREATED, session_id=session_id, code=f"code{session_id}", updated_at_ms=updated_at_ms, state=state
    )


ANNOUNCED = (CREATED, at(2, State.LIVE), at(3, State.PAUSED), at(2.5, State.ENDED))
"""The task that ended it has a clock that is behind the other's."""


@pytest.mark.parametrize("order", list(itertools.permutations(ANNOUNCED)))
def test_a_session_that_has_ended_stays_so_in_whatever_order_tasks_are_heard(order: tuple[Session, ...]) -> None:
    view = SessionView()
    for session in order:
        view.apply(session)
    assert view.open == {}


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
