"""Processes that die or freeze in the middle of a talk: every word still reaches the listeners once and in order."""

import asyncio
import signal
from collections.abc import Callable
from functools import partial

from services.cli.evaluation.talk import Audience, give
from services.cli.stack import Stack
from services.cli.stack.system import System
from tests.e2e.talks import BABYLON, assert_faithful, when_captioned

AUDIENCE = (Audience("pt"), Audience("es", hear=False))


async def test_every_word_is_heard_once_though_each_service_is_killed_in_turn(stack: Stack, system: System) -> None:
    order = ("transcriber", "translator", "notifier", "ingest")
    actions: dict[int, Callable[[], None]] = {
        3 + 5 * turn: partial(stack[service].send, signal.SIGKILL) for turn, service in enumerate(order)
    }
    outcome = await give(system, BABYLON, "en", AUDIENCE, on_notice=when_captioned(actions))
    assert not actions
    assert [stack[service].restarts for service in order] == [1, 1, 1, 1]
    assert outcome.hearings["pt"].reconnects >= 1
    assert outcome.lost_frames == 0
    assert_faithful(outcome, most_errors=0.15)


async def test_every_word_is_heard_once_though_frozen_processes_come_back_after_others_took_over(
    stack: Stack, system: System
) -> None:
    frozen = [stack["transcriber"], stack["translator"]]
    for one in frozen:
        await stack.start(one.service).ready()
    thawed = asyncio.Event()

    def freeze() -> None:
        for one in frozen:
            one.send(signal.SIGSTOP)
        asyncio.get_running_loop().call_later(20, thaw)

    def thaw() -> None:
        for one in frozen:
            one.send(signal.SIGCONT)
        thawed.set()

    outcome = await give(system, BABYLON, "en", AUDIENCE, on_notice=when_captioned({4: freeze}))
    assert thawed.is_set()
    assert_faithful(outcome, most_errors=0.15)
