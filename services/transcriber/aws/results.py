"""From Transcribe's results to hypotheses in floor time. Pure."""

from amazon_transcribe.model import Item, Result

from services.transcriber.ports import HeardWord, Hypothesis

_PUNCTUATION = "punctuation"


def hypothesis(result: Result, begin_ms: float) -> Hypothesis | None:
    """begin_ms: floor time of the stream's first sample, where its own times begin. None: the result says nothing."""
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


def _marked(word: HeardWord, mark: Item) -> HeardWord:
    return HeardWord(word.text + (mark.content or ""), word.start_ms, word.end_ms, word.stable)


def _ms(time_s: float | None) -> float:
    return 1000 * (time_s or 0.0)
