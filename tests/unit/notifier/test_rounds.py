"""Those for whom there are news, in rounds."""

import asyncio

import pytest

from services.notifier import rounds
from services.notifier.rounds import Rounds


class Waiting:
    def __init__(self, number: int, told: list[int], fault: Exception | None = None) -> None:
        self._number, self._told, self._fault = number, told, fault

    def send_news(self) -> None:
        if self._fault is not None:
            raise self._fault
        self._told.append(self._number)


async def until_told(told: list[int], count: int) -> None:
    async with asyncio.timeout(5):
        while len(told) < count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_many_are_told_in_order_and_in_steps_between_which_others_have_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "_STEP", 3)
    told: list[int] = []
    going = Rounds()
    for number in range(8):
        going.add(Waiting(number, told))
    assert told == []
    await asyncio.sleep(0)
    assert told == [0, 1, 2]
    going.add(Waiting(8, told))
    await until_told(told, 9)
    assert told == list(range(9))


async def test_a_fault_of_one_is_reported_and_keeps_nobody_else_from_being_told() -> None:
    told: list[int] = []
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    fault = RuntimeError("one of them")
    going = Rounds()
    for one in (Waiting(0, told), Waiting(1, told, fault), Waiting(2, told)):
        going.add(one)
    await until_told(told, 2)
    going.add(Waiting(3, told))
    await until_told(told, 3)
    assert (told, reported) == ([0, 2, 3], [fault])
