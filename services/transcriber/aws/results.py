"""From Transcribe's results to hypotheses in floor time. Pure."""

from typing import Annotated

import msgspec
from amazon_transcribe.model import Result

from services.common.errors import EngineUnavailable
from services.transcriber.ports import HeardWord, Hypothesis

_PUNCTUATION = "punctuation"
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class _Item(msgspec.Struct):
    item_type: str | None
    content: str | None
    start_time: _Seconds | None
    end_time: _Seconds | None
    stable: bool | None


class _Alternative(msgspec.Struct):
    items: tuple[_Item, ...]


class _Result(msgspec.Struct):
    """What is used of the SDK's, which checks no types."""

    is_partial: bool | None
    end_time: _Seconds | None
    alternatives: tuple[_Alternative, ...]


def hypothesis(told: Result, begin_ms: float) -> Hypothesis | None:
    """begin_ms: floor time of the stream's first sample, where its own times begin. None: the result says nothing.

    Raises EngineUnavailable where it isn't such a result as the service promises.
    """
    try:
        result = msgspec.convert(told, _Result, from_attributes=True)
    except msgspec.ValidationError as fault:
        raise EngineUnavailable(f"Transcribe: a result that can't be read: {fault}") from fault
    final = not result.is_partial
    words: list[HeardWord] = []
    for item in result.alternatives[0].items if result.alternatives else ():
        if item.item_type == _PUNCTUATION:
            words[-1:] = [_marked(word, item) for word in words[-1:]]
        elif item.content:
            stable = final or bool(item.stable)
            start_ms, end_ms = (begin_ms + _ms(time_s) for time_s in (item.start_time, item.end_time))
            words.append(HeardWord(item.content, start_ms, end_ms, stable))
    if not words:
        return None
    return Hypothesis(words=tuple(words), heard_ms=begin_ms + _ms(result.end_time), endpoint=final)


def _marked(word: HeardWord, mark: _Item) -> HeardWord:
    return HeardWord(word.text + (mark.content or ""), word.start_ms, word.end_ms, word.stable)


def _ms(time_s: float | None) -> float:
    return 1000 * (time_s or 0.0)
