"""Sessions can't be found by trying, and a hall that knows its code never notices what keeps others from it."""

import asyncio
import json
import math
import time
from collections import Counter

import httpx
import pytest

from services.ingest.sessions import CODE_LENGTH, CODE_LETTERS
from tests.abuse.conftest import Target

pytestmark = pytest.mark.asyncio(loop_scope="package")

HALL, STRANGER = "127.0.0.20", "127.0.0.66"
BURST, BURST_OF_ALL, REGAINED_OF_ALL = 150, 300, 5
"""Wrong codes that an address may try, that all may, and how many more in a second."""
FOR_OTHERS = 50
"""Wrong codes that the tests after these try."""


async def guess(rest: httpx.AsyncClient, prefix: str, count: int) -> Counter[int]:
    """So many wrong codes at once. Returns the answers' statuses."""
    asking = [rest.get(f"/sessions/{prefix}{number:05}") for number in range(count)]
    return Counter([answer.status_code for answer in await asyncio.gather(*asking)])


async def join(target: Target, name: str, address: str) -> tuple[str, float]:
    """What a join is answered with, and after how many seconds."""
    async with target.listen(address) as socket:
        began = time.monotonic()
        await socket.send(json.dumps({"type": "join", "session": name, "language": "en"}))
        answer = json.loads(await socket.recv())
        return answer.get("code", answer["type"]), time.monotonic() - began


async def test_links_can_not_be_guessed_and_codes_only_with_more_tries_than_there_are(target: Target) -> None:
    session = await target.session()
    assert len(session["session_id"]) >= 16
    assert len(session["session_id"]) * math.log2(64) >= 96
    assert len(session["code"]) == CODE_LENGTH
    assert set(session["code"]) <= set(CODE_LETTERS)
    tries_in_a_day = BURST_OF_ALL + REGAINED_OF_ALL * 86_400
    assert tries_in_a_day / len(CODE_LETTERS) ** CODE_LENGTH < 1 / 50_000  # for any one session, with one task


async def test_five_hundred_behind_one_address_get_in_while_another_is_held_up_for_guessing(target: Target) -> None:
    code = (await target.session())["code"]
    async with target.rest(address=STRANGER) as stranger, target.rest(address=HALL) as hall:
        began = time.monotonic()
        guesses = await guess(stranger, code[:2], 250)
        assert set(guesses) == {404, 429}
        assert BURST <= guesses[404] <= BURST + 1 + (time.monotonic() - began)
        looked_up = await asyncio.gather(*(hall.get(f"/sessions/{code.upper()}") for _ in range(500)))
        assert {one.status_code for one in looked_up} == {200}
        assert (await hall.get("/sessions/mistypd")).status_code == 404
    for at_once in range(0, 500, 100):  # a handshake takes the test some milliseconds
        joined = await asyncio.gather(*(join(target, code, HALL) for _ in range(at_once, at_once + 100)))
        assert {answer for answer, _ in joined} == {"joined"}


async def test_who_is_held_up_can_not_tell_a_right_code_by_its_answer_or_by_its_time(target: Target) -> None:
    code = (await target.session())["code"]
    answers: list[str] = []
    while answers.count("attempts") < 50:
        names = [f"{code[:2]}{number:05}" for number in range(len(answers), len(answers) + 100)]
        answers += [answer for answer, _ in await asyncio.gather(*(join(target, name, STRANGER) for name in names))]
        assert len(answers) < 600
    asked = [code if number % 2 else f"{code[:2]}wrong{number}"[:CODE_LENGTH] for number in range(20)]
    told = await asyncio.gather(*(join(target, name, STRANGER) for name in asked))
    refused = [(name == code, took) for name, (answer, took) in zip(asked, told, strict=True) if answer == "attempts"]
    assert {right for right, _ in refused} == {True, False}
    assert all(took > 0.9 for _, took in refused)


async def test_guesses_from_everywhere_are_limited_in_all(target: Target) -> None:
    began, found = time.monotonic(), Counter[int]()
    for number in range(100, 104):
        async with target.rest(address=f"127.0.0.{number}") as one_of_many:
            found += await guess(one_of_many, "zz", 120)
    assert set(found) == {404, 429}
    assert found[404] <= BURST_OF_ALL + REGAINED_OF_ALL * (time.monotonic() - began) + 1
    await asyncio.sleep(FOR_OTHERS / REGAINED_OF_ALL)
