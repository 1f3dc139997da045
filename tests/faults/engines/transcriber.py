"""``python -m tests.faults.engines.transcriber``: the transcriber; its engine errs, is throttled or talks nonsense."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.common.contracts import Word
from services.common.lifecycle import run
from services.common.settings import load_or_exit
from services.transcriber import __main__ as transcriber
from services.transcriber.ports import Hypothesis, Recognizer, RecognizerStream
from services.transcriber.settings import TranscriberSettings
from tests.faults.engines import ORDERS, Orders
from tests.faults.engines.nonsense import spoiled

_orders = Orders(Path(os.environ[ORDERS]))


class SpoiledStream:
    """See ``RecognizerStream``."""

    def __init__(self, stream: RecognizerStream) -> None:
        self.feed, self.flush, self.finalized = stream.feed, stream.flush, stream.finalized
        self._stream = stream

    async def hypotheses(self) -> AsyncIterator[Hypothesis]:
        async for hypothesis in self._stream.hypotheses():
            _orders.fail()
            instead = spoiled(_orders.current, hypothesis)
            if instead != [hypothesis]:
                _orders.done()
            for one in instead:
                yield one


class SpoiledRecognizer:
    """See ``Recognizer``."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    @property
    def context_ms(self) -> float:
        return self._recognizer.context_ms

    @property
    def languages(self) -> frozenset[str]:
        return self._recognizer.languages

    @asynccontextmanager
    async def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AsyncIterator[RecognizerStream]:
        _orders.fail()  # nor can the next one be opened
        async with self._recognizer.open(language, first_sample=first_sample, final_words=final_words) as stream:
            yield SpoiledStream(stream)


@asynccontextmanager
async def _spoiled(settings: TranscriberSettings) -> AsyncIterator[Recognizer]:
    async with transcriber.open_recognizer(settings) as recognizer:
        yield SpoiledRecognizer(recognizer)


if __name__ == "__main__":
    _settings = load_or_exit(TranscriberSettings)
    run(lambda service: transcriber.serve(service, _settings, _spoiled), "transcriber", _settings)
