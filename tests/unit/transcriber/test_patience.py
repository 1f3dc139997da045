"""How long it is waited for an engine that fails, and what counts as failing for long."""

import asyncio

import pytest

from services.transcriber import patience as module
from services.transcriber.patience import Patience


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits so far, s; the clock is their sum."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", wait)
    monkeypatch.setattr(module, "_now_s", lambda: 100.0 + sum(waits))
    return waits


async def test_waits_double_up_to_five_seconds_and_the_time_of_failing_counts_from_the_first(
    waited: list[float],
) -> None:
    patience = Patience()
    assert not patience.failing
    for _ in range(7):
        patience.failed(further=False)
        assert patience.failing
        assert patience.failing_s == pytest.approx(sum(waited))
        await patience.wait()
    assert waited == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


async def test_both_begin_anew_once_a_try_came_further(waited: list[float]) -> None:
    patience = Patience()
    for further in (False, False, False, True):
        patience.failed(further=further)
        await patience.wait()
    assert waited == pytest.approx([0.2, 0.4, 0.8, 0.2])
    assert patience.failing_s == pytest.approx(0.2)


async def test_after_a_try_that_did_not_fail_it_is_as_at_first(waited: list[float]) -> None:
    patience = Patience()
    for _ in range(3):
        patience.failed(further=False)
        await patience.wait()
    patience.succeeded()
    assert (patience.failing, patience.failing_s) == (False, 0.0)
    waited.append(1000.0)  # of a talk that goes well
    patience.failed(further=False)
    assert (patience.failing_s, patience.wait_s) == (0.0, 0.2)
