"""Whether a decode told all the speech that it was given. Pure.

Whisper sometimes passes over whole sentences of a window, above all of a long one of which few words are final, and
goes on with the next. The voice detector knows better: where there is speech and no word, something was left out.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from services.transcriber.ports import HeardWord
from services.transcriber.words import normalized

_LEFT_OUT_MS = 1500.0
"""Speech without a word for longer than this was left out: no word, hesitation or laugh is so long."""
_WORD_MS = 1000.0
"""A word accounts for this much speech at most: in Whisper it lasts until the next one begins."""
_LATE_WORD_MS = 700.0
_SWALLOWED_MS = 250.0
"""Where words before ``start_ms`` were passed over, so may be one after it; the word after them then begins with them.
That one is said in its last ``_LATE_WORD_MS``, so what is spoken before that is another."""
_MOVED_MS = 200.0
"""How far a word's time may move from one decode to another. The same word said twice is further apart."""
_PAUSE_MS = 300.0
_LAST_WORDS_MS = 500.0
"""At the end nothing follows for whose sake they would be decoded again, so so much speech after such a pause is missed
too. Less is a breath, or so short that it would be heard wrong."""


class Speech:
    """Where the voice detector found speech. Milliseconds."""

    def __init__(self) -> None:
        self._spans: deque[tuple[float, float]] = deque()

    def add(self, start_ms: float, end_ms: float) -> None:
        """Some more, after all before."""
        if self._spans and self._spans[-1][1] >= start_ms:
            start_ms = self._spans.pop()[0]
        self._spans.append((start_ms, end_ms))

    def forget(self, until_ms: float) -> None:
        """What lies before is not asked for any more."""
        while self._spans and self._spans[0][1] <= until_ms:
            self._spans.popleft()

    def begun_after(self, ms: float) -> float | None:
        """Where the first speech begins that had not begun by then."""
        return next((start for start, _ in self._spans if start >= ms), None)

    def between(self, start_ms: float, end_ms: float) -> float:
        """How much there is."""
        return sum(max(0.0, min(end, end_ms) - max(start, start_ms)) for start, end in self._spans)


@dataclass(frozen=True)
class Gap:
    """Where words are missing: ``words[:before]`` precede it, ``words[after:]`` follow it."""

    start_ms: float
    end_ms: float
    before: int
    after: int
    said_from_ms: float | None = None
    """The word within it, if there is one, was said from here to its end; None: anywhere in it."""


def largest_gap(
    words: Sequence[HeardWord], speech: Speech, start_ms: float, end_ms: float, *, ends: bool = False
) -> Gap | None:
    """Where most speech between the two times has no word, if that is too much; only that between them counts.

    Before the first word, after the last, or in a word that lasts too long, which is then part of the gap. ends:
    whether these words are all that will be said of it.
    """
    if not words:
        return None
    onset_ms = speech.begun_after(max(start_ms, words[-1].end_ms + _PAUSE_MS)) if ends else None
    if onset_ms is not None and speech.between(onset_ms, end_ms) > _LAST_WORDS_MS:
        return Gap(onset_ms, end_ms, len(words), len(words))
    first = words[0]
    passed_over = first.start_ms < start_ms - _WORD_MS and start_ms < first.end_ms
    said_from_ms = first.end_ms - _LATE_WORD_MS
    if passed_over and speech.between(start_ms, said_from_ms) > _SWALLOWED_MS:
        return Gap(start_ms, first.end_ms, 0, 1, said_from_ms)
    gaps = {
        Gap(start_ms, words[0].start_ms, 0, 0): start_ms,
        Gap(words[-1].end_ms, end_ms, len(words), len(words)): 0.0,
    }
    for place, word in enumerate(words):
        gaps[Gap(max(start_ms, word.start_ms), word.end_ms, place, place + 1)] = word.start_ms + _WORD_MS
    unsaid = {gap: speech.between(max(start_ms, gap.start_ms, since_ms), gap.end_ms) for gap, since_ms in gaps.items()}
    gap = max(unsaid, key=unsaid.__getitem__)
    return gap if unsaid[gap] > _LEFT_OUT_MS else None


def filled(words: Sequence[HeardWord], gap: Gap, more: Sequence[HeardWord]) -> tuple[HeardWord, ...]:
    """The words with those of ``more``, heard in and around the gap, that lie in it."""
    before, after = words[: gap.before], words[gap.after :]
    begin = before[-1].end_ms if before else float("-inf")
    end = after[0].start_ms if after else float("inf")
    edges = (*before[-1:], *after[:1])
    inner = [word for word in more if begin < _middle(word) < end]
    between = [word for word in inner if not any(_again(word, edge) for edge in edges)]
    within, said_ms = words[gap.before : gap.after], gap.said_from_ms
    if said_ms is not None:
        for known in within:
            if not any(_middle(one) > said_ms or normalized(one.text) == normalized(known.text) for one in between):
                between.append(HeardWord(known.text, said_ms, known.end_ms, known.stable))
    return (*before, *(between or within), *after)


def _again(word: HeardWord, edge: HeardWord) -> bool:
    """Whether a second decode heard this one's word, at about its time."""
    apart_ms = min(abs(word.start_ms - edge.start_ms), abs(word.end_ms - edge.end_ms))
    return apart_ms < _MOVED_MS and normalized(word.text) == normalized(edge.text)


def _middle(word: HeardWord) -> float:
    return (word.start_ms + word.end_ms) / 2
