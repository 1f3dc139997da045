"""``python -m tests.faults.engines.translator``: the translator, whose engines err, are throttled or talk nonsense."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.common.contracts import SAMPLE_RATE
from services.common.lifecycle import run
from services.common.settings import load_or_exit
from services.translator import __main__ as translator
from services.translator.aws.breaker import Throttled
from services.translator.local import sound
from services.translator.ports import Synthesizer, Translator
from services.translator.settings import TranslatorSettings
from tests.faults.engines import ORDERS, Orders
from tests.faults.engines.nonsense import said_instead

_orders = Orders(Path(os.environ[ORDERS]))


def _fail() -> None:
    _orders.fail()
    if _orders.current == "throttled by AWS":
        _orders.done()
        raise Throttled("it was told that it was called too often")


class Spoiled:
    """An engine of either kind; what isn't spoiled is the engine's own."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def translate(self, *asked: Any, **how: Any) -> Any:
        _fail()
        if _orders.current == "empty":
            _orders.done()
            return ""
        return await self._engine.translate(*asked, **how)

    async def synthesize(self, *asked: Any, **how: Any) -> Any:
        _fail()
        if (samples := said_instead(_orders.current)) is not None:
            _orders.done()
            return sound.clip(samples, SAMPLE_RATE)
        return await self._engine.synthesize(*asked, **how)


@asynccontextmanager
async def _spoiled(settings: TranslatorSettings) -> AsyncIterator[tuple[Translator, Synthesizer]]:
    async with translator.open_adapters(settings) as (words, voice):
        yield Spoiled(words), Spoiled(voice)


if __name__ == "__main__":
    _settings = load_or_exit(TranslatorSettings)
    run(lambda service: translator.serve(service, _settings, _spoiled), "translator", _settings)
