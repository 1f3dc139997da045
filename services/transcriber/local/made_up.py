"""What Whisper makes up on short windows: the same again and again, and words that nobody had the time to say."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from services.transcriber.local.model import Spoken
from services.transcriber.words import normalized

W = TypeVar("W")

_SHORT_RUN, _SHORT_TIMES = 3, 3
_LONG_RUN, _LONG_TIMES = 40, 2
"""A run of up to 3 words said three times, or of a longer one said twice, is a loop: people say "no, no"."""

_TIMELESS_WORDS, _TIMELESS_MS = 3, 100.0
"""Three words in a tenth of a second are more than anybody can say."""


def without_loops(words: Sequence[W], text: Callable[[W], str]) -> list[W]:
    """The words with each loop kept once, and without the beginning of a further round at the end.

    Compared without case and punctuation.
    """
    kept = list(words)
    for length in range(1, _LONG_RUN + 1):
        suspicious = _SHORT_TIMES if length <= _SHORT_RUN else _LONG_TIMES
        plain = [normalized(text(word)) for word in kept]
        at = 0
        while at + suspicious * length <= len(kept):
            run, end = plain[at : at + length], at + length
            while plain[end : end + length] == run:
                end += length
            if end - at >= suspicious * length:
                rest = plain[end:]
                end = len(plain) if rest == run[: len(rest)] else end
                del kept[at + length : end], plain[at + length : end]
            at += 1
    return kept


def without_made_up(words: Sequence[Spoken]) -> tuple[Spoken, ...]:
    """The words up to where several have no time: the decoder went on without anything to hear."""
    for at in range(len(words) - _TIMELESS_WORDS + 1):
        if words[at + _TIMELESS_WORDS - 1].end_ms - words[at].start_ms < _TIMELESS_MS:
            return tuple(words[:at])
    return tuple(words)
