"""The engines as a lane uses them: within a deadline, tried again while there is time, counted."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, TypeVar

import structlog

from services.common.errors import EngineLoading, EngineRejected, EngineUnavailable, Overloaded, ends_process, told
from services.translator import metrics
from services.translator.ports import Clip, ClipStore, Synthesizer, Translator

log = structlog.get_logger(__name__)

T = TypeVar("T")
Work = Literal["translate", "synthesize", "store"]

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 1.0
_STOOD_STILL_S = 1.0
"""A deadline noticed so much too late tells of a process that was stopped, or a machine that slept."""
_LOADING_S = 30.0
"""How long an engine may be loading before it counts as one that doesn't answer."""
_LOADING_PAUSE_S = 0.05


@dataclass(frozen=True)
class Deadlines:
    """Seconds for each kind of work, retries included."""

    translate_s: float = 4.0
    synthesize_s: float = 6.0
    store_s: float = 6.0


@dataclass(frozen=True)
class Engines:
    """What a lane works with. All raise EngineUnavailable past the deadline; EngineRejected, Overloaded at once."""

    translator: Translator
    synthesizer: Synthesizer
    store: ClipStore
    deadlines: Deadlines = Deadlines()
    loading_since: dict[tuple[str, str], float] = field(default_factory=dict)
    """When a pair of languages was first found loading that has not been translated since."""

    async def translate(self, text: str, source: str, target: str) -> str:
        async def call() -> str:
            try:
                said = await self.translator.translate(text, source, target)
            except EngineLoading as loading:
                for_s = perf_counter() - self.loading_since.setdefault((source, target), perf_counter())
                if for_s > _LOADING_S:  # for all that is said: each sentence with a time of its own would pile up
                    raise EngineUnavailable(f"{loading} for {for_s:.0f} s") from loading
                raise
            self.loading_since.pop((source, target), None)
            return said

        return await _persistently("translate", self.deadlines.translate_s, call)

    async def synthesize(self, text: str, language: str, rate: float) -> Clip:
        return await _persistently(
            "synthesize",
            self.deadlines.synthesize_s,
            lambda: self.synthesizer.synthesize(text, language, rate),
        )

    async def put(self, key: str, clip: Clip) -> None:
        await _persistently("store", self.deadlines.store_s, lambda: self.store.put(key, clip))


async def _persistently(work: Work, deadline_s: float, call: Callable[[], Awaitable[T]]) -> T:
    """Try until it works or time is up. For which an engine was loading, or this process itself stood still, is none
    of the engine's time: then anew; after standing still, once."""
    stood_still = False
    while True:
        began = perf_counter()
        try:
            return await _in_time(work, deadline_s, call)
        except EngineLoading:
            await asyncio.sleep(_LOADING_PAUSE_S)
        except TimeoutError as late:
            stood_still_s = perf_counter() - began - deadline_s
            if stood_still or stood_still_s < _STOOD_STILL_S:
                metrics.ENGINE_FAILURES.labels(work, "overdue").inc()
                raise EngineUnavailable(f"{work}: not done within {deadline_s:g} s") from late.__cause__
            stood_still = True
            log.warning("stood_still", work=work, for_s=round(stood_still_s, 1))


async def _in_time(work: Work, deadline_s: float, call: Callable[[], Awaitable[T]]) -> T:
    """Until then; after a fault that no engine may have, only once more. Raises TimeoutError from the last fault."""
    pause_s = _FIRST_PAUSE_S
    fault: Exception | None = None
    faulty = False
    try:
        async with asyncio.timeout(deadline_s):
            while True:
                try:
                    return await _timed(work, call)
                except EngineLoading:
                    raise
                except Overloaded:
                    metrics.ENGINE_FAILURES.labels(work, "overloaded").inc()
                    raise
                except EngineUnavailable as unavailable:
                    fault = unavailable
                    metrics.ENGINE_FAILURES.labels(work, "unavailable").inc()
                except EngineRejected:
                    metrics.ENGINE_FAILURES.labels(work, "rejected").inc()
                    raise
                except Exception as unexpected:
                    if isinstance(unexpected, TimeoutError) or ends_process(unexpected):
                        raise
                    metrics.ENGINE_FAILURES.labels(work, "fault").inc()
                    if faulty:
                        raise EngineRejected(f"{work}: {told(unexpected)}") from unexpected
                    log.error("engine_faulty", work=work, exc_info=unexpected)
                    fault, faulty = unexpected, True
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # not all at once
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    except TimeoutError as late:
        raise TimeoutError from fault or late


async def _timed(work: Work, call: Callable[[], Awaitable[T]]) -> T:
    """The call, measured unless it only said that the engine is loading."""
    began: float | None = perf_counter()
    try:
        return await call()
    except EngineLoading:
        began = None
        raise
    finally:
        if began is not None:
            metrics.ENGINE_SECONDS.labels(work).observe(perf_counter() - began)
