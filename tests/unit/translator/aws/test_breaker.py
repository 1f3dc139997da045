"""When calls are spared, and who says so."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from services.common.errors import EngineError, EngineRejected, EngineUnavailable, Overloaded
from services.translator.aws.breaker import Breaker, Circuit, Throttled
from services.translator.aws.style import Style
from services.translator.aws.translate import AmazonTranslator
from services.translator.engines import Deadlines, Engines
from tests.standins.faults import Fault
from tests.standins.rest import served
from tests.standins.translate import TranslateStandIn
from tests.unit.translator.fakes import FakeStore, FakeSynthesizer

AWAY = Fault("ServiceUnavailableException", 503)


@pytest.fixture
async def service() -> AsyncIterator[TranslateStandIn]:
    standin = TranslateStandIn()
    async with served(standin):
        yield standin


def fail(circuit: Circuit, fault: EngineError) -> None:
    with pytest.raises(type(fault), match=str(fault)), circuit.call():
        raise fault


def test_after_some_failures_in_a_row_one_call_may_try_now_and_then() -> None:
    breaker = Breaker(failures=3, pause_s=1.0)
    for now_s in (0.0, 0.1, 0.2):
        assert breaker.may_call(now_s)
        breaker.failed += 1
    assert [breaker.may_call(now_s) for now_s in (0.3, 1.1, 1.2, 1.3, 2.1, 2.2)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    breaker.failed = 0
    assert [breaker.may_call(2.3) for _ in range(3)] == [True] * 3


def test_an_open_circuit_turns_calls_away_and_says_so_once() -> None:
    circuit = Circuit("speech")
    with capture_logs() as logs:
        for _ in range(5):
            fail(circuit, EngineUnavailable("gone"))
        for _ in range(3):
            with pytest.raises(EngineUnavailable, match="speech is away"), circuit.call():
                pytest.fail("called in vain")
    assert [entry["event"] for entry in logs] == ["service_away"]


@pytest.mark.parametrize("answer", [None, EngineRejected("never"), Throttled("later")])
def test_any_answer_closes_it(answer: EngineError | None) -> None:
    circuit = Circuit("speech")
    for _ in range(5):
        fail(circuit, EngineUnavailable("gone"))
    circuit._breaker._again_at_s = 0.0
    with capture_logs() as logs:
        if answer:
            fail(circuit, answer)
        else:
            with circuit.call():
                pass
    assert [entry["event"] for entry in logs] == ["service_back"]
    for _ in range(3):
        with circuit.call():
            pass


def test_a_call_that_was_never_made_says_nothing_of_the_service() -> None:
    circuit = Circuit("speech")
    for _ in range(4):
        fail(circuit, EngineUnavailable("gone"))
    fail(circuit, Overloaded("quota"))
    assert circuit._breaker.failed == 4


async def test_an_outage_costs_few_calls_and_ends_with_the_service_s_first_answer(service: TranslateStandIn) -> None:
    async with AmazonTranslator.open(Style(), per_s=1000, patience_s=1) as translator:
        engines = Engines(translator, FakeSynthesizer(), FakeStore(), Deadlines(translate_s=1))
        service.faults.order("TranslateText", *[AWAY] * 1000)
        texts = [f"Hello {number}" for number in range(20)]
        said = await asyncio.gather(*(engines.translate(text, "en", "fr") for text in texts), return_exceptions=True)
        assert {type(one) for one in said} == {EngineUnavailable}
        assert 20 <= 1000 - service.faults.left <= 25
        service.faults.ordered.clear()
        assert await Engines(translator, FakeSynthesizer(), FakeStore()).translate("Hello", "en", "fr") == "fr:Hello"
