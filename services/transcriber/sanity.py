"""What no recognizer can have heard. Words with such times would be published in wrong places, or twice. Pure."""

import math

from services.common.errors import EngineUnavailable
from services.transcriber.ports import Hypothesis

_AHEAD_MS = 2000.0
"""An engine may place a word a little after what it was given."""
_BACK_MS = 2000.0
"""And a little before the one that it follows."""
_LONGEST_MS = 15_000.0
"""A word that an engine lets last until the next one begins, with a long silence in it, is shorter."""


class Nonsense(EngineUnavailable):
    """The engine's result can't be true: ask it again, with the same audio."""


def require_sense(hypothesis: Hypothesis, fed_until_ms: float) -> None:
    """Raises Nonsense. fed_until_ms: floor audio up to here was given to the engine."""
    if not hypothesis.heard_ms <= fed_until_ms + _AHEAD_MS:
        raise Nonsense(f"it has heard {hypothesis.heard_ms:.0f} ms, and was given {fed_until_ms:.0f} ms")
    latest_ms = -math.inf
    for word in hypothesis.words:
        if not latest_ms - _BACK_MS <= word.start_ms <= hypothesis.heard_ms + _AHEAD_MS:
            raise Nonsense(f"{word.text!r} begins at {word.start_ms:.0f} ms, after {latest_ms:.0f} ms")
        if not word.start_ms - _BACK_MS <= word.end_ms <= word.start_ms + _LONGEST_MS:
            raise Nonsense(f"{word.text!r} lasts from {word.start_ms:.0f} to {word.end_ms:.0f} ms")
        latest_ms = max(latest_ms, word.start_ms)
