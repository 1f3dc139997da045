"""Sentences out of finals, and which of their words are already in segments. No I/O, no clock."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.common.contracts import Final, SentenceMark
from services.common.writing import CLAUSE_MARKS, FULL_STOPS, SENTENCE_MARKS, joined

MAX_SENTENCE_CHARS = 300
"""Longer input makes engines drop text or run away, so a sentence that grows longer is cut."""
MAX_WORD_CHARS = 40
"""No real word is longer; a misheard one of thousands of letters holds an engine for minutes."""

_ALL_MARKS = "".join([*SENTENCE_MARKS, *CLAUSE_MARKS])
_ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "sr.", "sra.", "dra.", "vs."})


@dataclass(frozen=True)
class SourceWord:
    """A final word; ``end_ms`` of floor audio is its identity, ``spoken_at_ms`` when it began, by the lane's clock."""

    text: str
    start_ms: float
    end_ms: float
    spoken_at_ms: float


@dataclass(frozen=True)
class Said:
    """What a segment that was published earlier said, with its span of floor audio."""

    start_ms: float
    end_ms: float
    text: str


@dataclass
class Sentence:
    """Words up to a sentence mark. ``mark`` is None while it may still grow; ``""`` if it was cut for its length."""

    language: str
    words: list[SourceWord] = field(default_factory=list)
    covered: int = 0
    """So many of its words are in segments."""
    mark: SentenceMark | None = None
    paused: bool = False
    """The speaker paused after its last word."""

    @property
    def uncovered(self) -> list[SourceWord]:
        return self.words[self.covered :]

    @property
    def closed(self) -> bool:
        return self.mark is not None

    def text(self, first: int = 0, last: int | None = None) -> str:
        """The words as an engine gets them, with the sentence's mark if the end is included and it has one."""
        last = len(self.words) if last is None else last
        text = written(self.words[first:last], self.language)
        if last < len(self.words):
            return text
        return text.rstrip(_ALL_MARKS) + self.mark if self.mark else without_stop(text)


class Sentences:
    """A lane's source words in order, grouped into sentences; the head is the one being said."""

    def __init__(self, covered_ms: float = -math.inf, said: Sequence[Said] = ()) -> None:
        """covered_ms, said: where segments published before a takeover end, and the last of them, oldest first."""
        self._covered_ms = covered_ms
        self._said = deque(said, maxlen=64)
        self._open: deque[Sentence] = deque()
        self._late_mark: SentenceMark = ""
        self._late_mark_of: Sentence | None = None
        self._ended = False

    def hear(self, final: Final) -> None:
        """Take a final in. Words that segments cover already are only context."""
        self._settle(final.previous_mark)
        for position, word in enumerate(final.words):
            spoken_at_ms = final.floor_epoch_ms + word.start_ms
            self._append(SourceWord(word.text, word.start_ms, word.end_ms, spoken_at_ms), final.language)
            following = final.words[position + 1].text if position + 1 < len(final.words) else None
            if following is not None and ends_sentence(word.text, following):
                self._close(SENTENCE_MARKS[word.text[-1]])
        if final.words and final.ends == "pause" and self._open:
            self._open[-1].paused = True

    def finish(self, previous_mark: SentenceMark | None) -> None:
        """No more words will come."""
        self._settle(previous_mark)
        self._close("")
        self._ended = True

    @property
    def head(self) -> Sentence | None:
        """The sentence to go on with. None: nothing is open."""
        return self._open[0] if self._open else None

    @property
    def waiting(self) -> int:
        """Words that are in no segment yet."""
        return sum(len(sentence.uncovered) for sentence in self._open)

    @property
    def finished(self) -> bool:
        return self._ended and not self._open

    @property
    def said_of_head(self) -> list[str]:
        """What segments before this lane's start have said of the head, word by word."""
        if not self._open:
            return []
        start_ms = self._open[0].words[0].start_ms
        return [word for said in self._said if said.start_ms >= start_ms for word in said.text.split()]

    @property
    def needed_ms(self) -> float:
        """End of the first word that a takeover must hear again, covered or not; infinity if there is none."""
        sentence = self._late_mark_of or self.head
        return sentence.words[0].end_ms if sentence else math.inf

    def cover(self, count: int, text: str) -> tuple[list[SourceWord], str, SentenceMark]:
        """The head's next ``count`` words become a segment that says ``text``.

        Returns the words, the same as a text, and the mark that the text before turned out to have.
        """
        head = self._open[0]
        words = head.uncovered[:count]
        head.covered += count
        mark, self._late_mark, self._late_mark_of = self._late_mark, "", None
        self._covered_ms = words[-1].end_ms
        self._said.append(Said(words[0].start_ms, words[-1].end_ms, text))
        self._drop_done()
        return words, written(words, head.language), mark

    def take_late_mark(self) -> SentenceMark:
        """For the end of a lane: the mark that the last text turned out to have, and that no caption carries."""
        mark, self._late_mark, self._late_mark_of = self._late_mark, "", None
        return mark

    def cut_points(self, sentence: Sentence) -> list[int]:
        """Counts of words after which a segment may end: the words before and after differ in time, so that
        a segment's end tells which words it covers."""
        apart = [
            count
            for count, (word, following) in enumerate(pairwise(sentence.words), 1)
            if following.end_ms > word.end_ms
        ]
        return [*apart, len(sentence.words)]

    def _append(self, word: SourceWord, language: str) -> None:
        tail = self._open[-1] if self._open else None
        if (
            tail is not None
            and not tail.closed
            and len(tail.text()) + len(word.text[:MAX_WORD_CHARS]) >= MAX_SENTENCE_CHARS
        ):
            self._close("")
        if not self._open or self._open[-1].closed:
            self._open.append(Sentence(language))
        tail = self._open[-1]
        tail.words.append(word)
        tail.paused = False
        if word.end_ms <= self._covered_ms:
            tail.covered = len(tail.words)

    def _settle(self, mark: SentenceMark | None) -> None:
        if mark:
            self._close(mark)

    def _close(self, mark: SentenceMark) -> None:
        if self._open and not self._open[-1].closed:
            self._open[-1].mark = mark
            self._drop_done()

    def _drop_done(self) -> None:
        """Forget sentences that are closed and in segments as a whole."""
        while self._open and self._open[0].closed and not self._open[0].uncovered:
            done = self._open.popleft()
            last = self._said[-1] if self._said else None
            said_last = last is not None and last.end_ms <= done.words[-1].end_ms
            if done.mark and last and said_last and last.text and last.text[-1] not in SENTENCE_MARKS:
                self._late_mark, self._late_mark_of = done.mark, done


def written(words: Sequence[SourceWord], language: str) -> str:
    """The words as a text, each within what an engine can take."""
    return joined((word.text[:MAX_WORD_CHARS] for word in words), language)


def without_stop(text: str) -> str:
    """An engine ends whatever it is given with a full stop; it goes while the sentence may go on."""
    return text.rstrip(FULL_STOPS).rstrip()


def ends_sentence(word: str, following: str) -> bool:
    """Whether a mark inside a final ends a sentence: a capital follows, and the word is no abbreviation."""
    return (
        word[-1:] in SENTENCE_MARKS
        and not following[:1].islower()
        and word.lower() not in _ABBREVIATIONS
        and not (len(word) == 2 and word[0].isupper() and word != "I.")  # an initial
    )
