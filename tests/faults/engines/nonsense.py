"""What an engine that talks nonsense says instead of what it heard, or should say. Pure."""

import numpy as np
from msgspec.structs import replace

from services.common.contracts import SAMPLE_RATE
from services.transcriber.ports import HeardWord, Hypothesis
from services.translator.local.sound import Samples

ORDERS = ("times go back", "empty", "30 s long", "repeated")
VOICE_ORDERS = ("clips empty", "clips 30 s long")
_BACK_MS = 8000.0
LONG_MS = 30_000.0


def spoiled(order: str, hypothesis: Hypothesis) -> list[Hypothesis]:
    """What comes in its stead."""
    words = hypothesis.words
    if not words:
        return [hypothesis]
    match order:
        case "times go back":
            return [replace(hypothesis, words=tuple(_moved(word, -_BACK_MS * at) for at, word in enumerate(words)))]
        case "empty":
            return [hypothesis if hypothesis.endpoint else replace(hypothesis, words=())]
        case "30 s long":
            return [replace(hypothesis, words=tuple(replace(word, end_ms=word.end_ms + LONG_MS) for word in words))]
        case "repeated":
            return [hypothesis] * 3
        case _:
            return [hypothesis]


def _moved(word: HeardWord, by_ms: float) -> HeardWord:
    return replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms)


def said_instead(order: str) -> Samples | None:
    """By a voice; None: what it should say."""
    match order:
        case "clips empty":
            return np.zeros(0, np.float32)
        case "clips 30 s long":
            return np.sin(np.arange(LONG_MS / 1000 * SAMPLE_RATE, dtype=np.float32) / 10)
        case _:
            return None
