"""More and more listeners, level by level."""

import asyncio
import itertools
import os

import pytest

from services.cli.evaluation import load as evaluation
from services.cli.evaluation.load import NOTIFIER, Plan, Target, load
from tests.unit.cli.clients.room import Room, a_room


@pytest.fixture(autouse=True)
def _no_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "SETTLE_S", 0.2)


async def talk(room: Room) -> None:
    for index in itertools.count():
        room.tell("caption", index)
        await asyncio.sleep(0.05)


async def test_levels_rise_until_nobody_more_is_let_in_and_each_says_what_was_heard() -> None:
    said: list[str] = []
    plan = Plan([2, 4, 6, 8], ["pt"], join_per_s=1e6, hold_s=0.5, fetch_share=0.0)
    async with a_room(places=4) as room:
        speaking = asyncio.create_task(talk(room))
        levels = await load(Target(room.url, "s", lambda: {NOTIFIER: os.getpid()}), plan, said.append)
        speaking.cancel()
    assert [(level.wanted, level.listeners) for level in levels] == [(2, 2), (4, 4), (6, 4)]
    assert levels[2].refused == {"no more listeners fit in here": 2}
    assert "2 not let in: no more listeners fit in here" in said
    for level in levels:
        assert level.notices >= level.listeners
        assert (level.lost, level.repeated, level.closed) == (0, 0, {})
        assert level.announce_delay_ms.p50 is not None
        assert level.announce_delay_ms.p50 >= 100.0
        assert level.notifier_cores is not None


async def test_of_a_notifier_elsewhere_nothing_is_said_but_what_listeners_see() -> None:
    plan = Plan([1], ["pt"], join_per_s=1e6, hold_s=0.1)
    async with a_room() as room:
        (level,) = await load(Target(room.url, "s", dict), plan)
    assert (level.listeners, level.notices, level.announce_delay_ms.p99) == (1, 0, None)
    assert (level.notifier_mb, level.kb_per_listener, level.notifier_cores, level.us_per_notice) == (None,) * 4
