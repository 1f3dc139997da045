"""``python -m tests.bench.sessions.translator``: the translator with engines that take their time, but no CPU.

The text stays as it is; a clip is as long and as large as a voice's, and silent. Times are those that the local engines
take at the median (docs/performance.md).
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.languages import targets
from services.common.lifecycle import run
from services.common.settings import load_or_exit
from services.translator.__main__ import serve
from services.translator.ports import Clip, Synthesizer, Translator
from services.translator.settings import TranslatorSettings

_TRANSLATE_S, _SYNTHESIZE_S = 0.015, 0.047
_SETTLE_MS, _MS_PER_CHAR = 250.0, 65.0
_BYTES_PER_MS = 16
"""Of FLAC at a voice's rate."""


class _Translator:
    async def translate(self, text: str, source: str, target: str) -> str:
        """See ``Translator``."""
        await asyncio.sleep(_TRANSLATE_S)
        return text

    def targets(self, source: str) -> frozenset[str]:
        """See ``Translator``."""
        return frozenset(targets(source, "local"))


class _Synthesizer:
    def __init__(self) -> None:
        self._noise = secrets.token_bytes(1_000_000)

    async def synthesize(self, text: str, language: str, rate: float) -> Clip:
        """See ``Synthesizer``."""
        await asyncio.sleep(_SYNTHESIZE_S)
        duration_ms = (_SETTLE_MS + _MS_PER_CHAR * len(text)) / rate
        return Clip(self._noise[: int(duration_ms * _BYTES_PER_MS)], "audio/flac", "flac", duration_ms)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"pt", "es"})


@asynccontextmanager
async def _cheap(_: TranslatorSettings) -> AsyncIterator[tuple[Translator, Synthesizer]]:
    yield _Translator(), _Synthesizer()


if __name__ == "__main__":
    settings = load_or_exit(TranslatorSettings)
    run(lambda service: serve(service, settings, _cheap), "translator", settings)
