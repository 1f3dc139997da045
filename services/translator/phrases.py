"""Repeated phrases come from memory: translators and synthesizers that remember, each within a bound."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from services.common.errors import EngineUnavailable
from services.translator import metrics
from services.translator.ports import Clip, Synthesizer, Translator

V = TypeVar("V")

_WORDS_THAT_SAY_SOMETHING = 3
"""Of fewer there may be nothing to say in another language."""
_RATE_STEP = 0.05
"""Speech rates are rounded to this, so that a phrase's clip is found again."""


class Recent(Generic[V]):
    """The values used last, as many as weigh no more than the limit together."""

    def __init__(self, limit: int, weigh: Callable[[V], int] = lambda value: 1) -> None:
        self._limit = limit
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Hashable, value: V) -> None:
        if (old := self._values.pop(key, None)) is not None:
            self._weight -= self._weigh(old)
        self._values[key] = value
        self._weight += self._weigh(value)
        while self._weight > self._limit:
            _, oldest = self._values.popitem(last=False)
            self._weight -= self._weigh(oldest)


class RememberingTranslator:
    """``Translator`` that asks another one once for each phrase."""

    def __init__(self, inner: Translator, phrases: int) -> None:
        """phrases: how many are remembered."""
        self._inner = inner
        self._known: Recent[str] = Recent(phrases)

    async def translate(self, text: str, source: str, target: str) -> str:
        """See ``Translator``. An empty translation counts as none, and is not remembered."""
        key = (text, source, target)
        known = self._known.get(key)
        found = known is not None
        if known is None:
            known = await self._inner.translate(text, source, target)
            if not known.strip() and len(text.split()) >= _WORDS_THAT_SAY_SOMETHING:
                raise EngineUnavailable("the engine gave an empty translation")
            self._known.put(key, known)
        metrics.PHRASES.labels("translate", found).inc()
        return known

    def targets(self, source: str) -> frozenset[str]:
        """See ``Translator``."""
        return self._inner.targets(source)


class RememberingSynthesizer:
    """``Synthesizer`` that asks another one once for each phrase and rate."""

    def __init__(self, inner: Synthesizer, max_bytes: int) -> None:
        """max_bytes: of audio that is remembered."""
        self._inner = inner
        self._known: Recent[Clip] = Recent(max_bytes, lambda clip: len(clip.audio))

    async def synthesize(self, text: str, language: str, rate: float) -> Clip:
        """See ``Synthesizer``."""
        rate = round(rate / _RATE_STEP) * _RATE_STEP
        key = (text, language, rate)
        known = self._known.get(key)
        metrics.PHRASES.labels("synthesize", known is not None).inc()
        if known is None:
            known = await self._inner.synthesize(text, language, rate)
            self._known.put(key, known)
        return known

    @property
    def languages(self) -> frozenset[str]:
        """See ``Synthesizer``."""
        return self._inner.languages
