"""Repeated phrases come from memory, within a bound."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import EngineUnavailable
from services.translator.phrases import Recent, RememberingSynthesizer, RememberingTranslator
from tests.unit.translator.fakes import FakeSynthesizer, FakeTranslator


async def test_a_phrase_is_translated_once_per_pair_of_languages() -> None:
    engine = FakeTranslator()
    translator = RememberingTranslator(engine, 10)
    first = await translator.translate("Thank you.", "en", "pt")
    assert await translator.translate("Thank you.", "en", "pt") == first
    assert await translator.translate("Thank you.", "en", "es") != first
    assert len(engine.asked) == 2


async def test_a_failure_is_not_remembered() -> None:
    faults: list[Exception | None] = [EngineUnavailable("busy")]
    translator = RememberingTranslator(FakeTranslator(fail=lambda _: faults.pop() if faults else None), 10)
    with pytest.raises(EngineUnavailable):
        await translator.translate("Thank you.", "en", "pt")
    assert await translator.translate("Thank you.", "en", "pt")


async def test_an_empty_translation_is_none_and_not_remembered() -> None:
    said = ["", "  ", "Obrigado a todos."]
    translator = RememberingTranslator(SimpleNamespace(translate=lambda *_: _done(said.pop(0))), 10)
    for _ in range(2):
        with pytest.raises(EngineUnavailable):
            await translator.translate("Thank you all.", "en", "pt")
    assert await translator.translate("Thank you all.", "en", "pt") == "Obrigado a todos."


async def _done(said: str) -> str:
    return said


async def test_a_phrase_is_spoken_once_at_about_the_same_rate() -> None:
    engine = FakeSynthesizer()
    synthesizer = RememberingSynthesizer(engine, 10_000)
    first = await synthesizer.synthesize("Obrigado.", "pt", 1.01)
    assert await synthesizer.synthesize("Obrigado.", "pt", 0.99) is first
    assert await synthesizer.synthesize("Obrigado.", "pt", 1.3) is not first
    assert engine.rates == [1.0, pytest.approx(1.3)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), max_size=30))
def test_what_is_remembered_never_weighs_more_than_the_limit(puts: list[tuple[int, int]]) -> None:
    recent: Recent[int] = Recent(50, weigh=lambda value: value)
    latest: dict[int, int] = {}
    for key, value in puts:
        recent.put(key, value)
        latest[key] = value
        held = {one: found for one in latest if (found := recent.get(one)) is not None}
        assert sum(held.values()) <= 50
        assert held[key] == value
        assert all(latest[one] == found for one, found in held.items())


def test_what_was_used_last_is_kept() -> None:
    recent: Recent[str] = Recent(2)
    recent.put("a", "A")
    recent.put("b", "B")
    recent.get("a")
    recent.put("c", "C")
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == ("A", None, "C")
