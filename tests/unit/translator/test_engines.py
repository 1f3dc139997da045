"""Deadlines of engines: whose time passes."""

import asyncio
import time
from typing import Any

import pytest

from services.common.errors import EngineLoading, EngineUnavailable
from services.translator import engines as module
from services.translator.engines import Deadlines, Engines
from tests.figures import figures


class Slow:
    """A translator whose first call is never done."""

    def __init__(self, process_stops_for_s: float) -> None:
        self.calls = 0
        self._stops_for_s = process_stops_for_s

    async def translate(self, text: str, source: str, target: str) -> str:
        self.calls += 1
        if self.calls == 1:
            asyncio.get_running_loop().call_soon(time.sleep, self._stops_for_s)  # nothing runs meanwhile
            await asyncio.Event().wait()
        return f"{text} {source} {target}"


def working(translator: Slow, unused: Any = None) -> Engines:
    return Engines(translator, unused, unused, Deadlines(translate_s=0.05))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STOOD_STILL_S", 0.1)


async def test_what_was_asked_before_this_process_stood_still_is_asked_again() -> None:
    translator = Slow(process_stops_for_s=0.3)
    assert await working(translator).translate("good evening", "en", "pt") == "good evening en pt"
    assert translator.calls == 2


async def test_an_engine_that_is_merely_slow_has_its_deadline() -> None:
    translator = Slow(process_stops_for_s=0.0)
    with pytest.raises(EngineUnavailable, match=r"not done within 0\.05 s"):
        await working(translator).translate("good evening", "en", "pt")
    assert translator.calls == 1


class Loading:
    """A translator that loads for a while; each answer after that takes time too."""

    def __init__(self, loads_for_s: float, answers_in_s: float = 0.0) -> None:
        self._answers_in_s = answers_in_s
        self.load(loads_for_s)

    def load(self, for_s: float) -> None:
        self._loaded_at = time.monotonic() + for_s

    async def translate(self, text: str, source: str, target: str) -> str:
        if time.monotonic() < self._loaded_at:
            raise EngineLoading("its data being loaded")
        await asyncio.sleep(self._answers_in_s)
        return text


async def test_what_an_engine_takes_to_load_is_none_of_its_deadline() -> None:
    deadlines = Deadlines(translate_s=0.4)
    engines = Engines(Loading(0.6, answers_in_s=0.1), None, None, deadlines)  # type: ignore[arg-type]
    async with figures() as figure:
        await figure.note()
        assert await engines.translate("good evening", "en", "pt") == "good evening"
        assert await figure.grown("dragoman_translator_engine_seconds_count") == {("translate",): 1}
        assert await figure.grown("dragoman_translator_engine_failures_total") == {}


async def test_an_engine_that_loads_for_ever_is_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOADING_S", 0.3)
    engines = Engines(Loading(1e6), None, None, Deadlines(translate_s=0.05))  # type: ignore[arg-type]
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(EngineUnavailable, match=r"not done within 0\.05 s") as given_up:
            await engines.translate("good evening", "en", "pt")
        assert not isinstance(given_up.value, EngineLoading)
        assert "its data being loaded" in str(given_up.value.__cause__)
    assert time.monotonic() - began > 0.3
    assert len(engines.loading_since) == 1
    assert time.monotonic() - engines.loading_since["en", "pt"] < 20 * 0.3


async def test_an_engine_that_loads_again_has_its_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOADING_S", 0.5)
    translator = Loading(0.2)
    engines = Engines(translator, None, None, Deadlines(translate_s=0.1))  # type: ignore[arg-type]
    for _ in range(4):
        assert await engines.translate("good evening", "en", "pt") == "good evening"
        translator.load(0.2)
