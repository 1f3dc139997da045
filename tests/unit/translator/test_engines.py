"""Deadlines of engines: whose time passes."""

import asyncio
import time
from typing import Any

import pytest

from services.common.errors import EngineUnavailable
from services.translator import engines as module
from services.translator.engines import Deadlines, Engines


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
