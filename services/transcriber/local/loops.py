"""Decoding loops: on short windows Whisper sometimes says the same again and again."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from services.transcriber.words import normalized

W = TypeVar("W")

_SHORT_RUN, _SHORT_TIMES = 3, 3
_LONG_RUN, _LONG_TIMES = 15, 2
"""A run of up to 3 words said three times, or of up to 15 words said twice, is a loop: people say "no, no"."""


def without_loops(words: Sequence[W], text: Callable[[W], str]) -> list[W]:
    """The words with each loop kept once, compared without case and punctuation."""
    kept = list(words)
    for length in range(1, _LONG_RUN + 1):
        suspicious = _SHORT_TIMES if length <= _SHORT_RUN else _LONG_TIMES
        plain = [normalized(text(word)) for word in kept]
        at = 0
        while at + suspicious * length <= len(kept):
            run, times = plain[at : at + length], 1
            while plain[at + times * length : at + (times + 1) * length] == run:
                times += 1
            if times >= suspicious:
                del kept[at + length : at + times * length], plain[at + length : at + times * length]
            at += 1
    return kept
