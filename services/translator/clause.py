"""The clause policy: cut the source, translate each cut once. For engines that bill by the character."""

from typing import NamedTuple

from services.common.writing import CLAUSE_MARKS, SENTENCE_MARKS
from services.translator.chunker import Piece, SentenceChunker
from services.translator.sentences import Sentence, Sentences, without_stop


class ClausePolicy(NamedTuple):
    """Where to cut besides ends of sentences and pauses."""

    age_ms: float = 2500
    """A word that waited so long is said with what has come since."""
    least_words: int = 3
    """For a cut by age."""
    comma_chars: int = 20
    """A comma ends a clause of at least so many characters."""


class Clause(SentenceChunker):
    """See ``Chunker``."""

    def __init__(self, sentences: Sentences, policy: ClausePolicy) -> None:
        super().__init__(sentences)
        self._policy = policy
        self._cut = 0
        """The head's words up to here are being translated; 0: none are."""
        self._source = ""
        self._target: str | None = None

    def ask(self, now_ms: float) -> str | None:
        if not self._cut:
            self._cut = self._next_cut(now_ms)
            head = self._sentences.head
            self._source = head.text(head.covered, self._cut) if head and self._cut else ""
            self._target = None if self._source else ""  # of full stops alone there is nothing to translate
            return self._source or None
        return self._source if self._target is None and not self._refused else None

    def give(self, text: str, translation: str) -> None:
        if text == self._source:
            self._target = translation

    def decide(self, now_ms: float, backlog_ms: float) -> Piece | None:
        head = self._sentences.head
        if head is None or not self._cut:
            return None
        if self._target is None and self._refused is None:
            return None
        count, ended = self._cut - head.covered, self._source[-1:] in SENTENCE_MARKS
        text, failed = self._target or "", self._refused
        self._cut, self._refused = 0, None
        return self._say(text if ended else without_stop(text), count, failed=failed)

    def look_again(self, now_ms: float, backlog_ms: float) -> float | None:
        head = self._sentences.head
        if head is None or self._cut or len(head.uncovered) < self._policy.least_words:
            return None
        old_at = head.uncovered[0].spoken_at_ms + self._policy.age_ms
        return old_at if old_at > now_ms else None

    def _next_cut(self, now_ms: float) -> int:
        head = self._sentences.head
        if head is None or not head.uncovered:
            return 0
        return (
            self._after_comma(head)
            or (len(head.words) if head.closed or head.paused or self._draining else 0)
            or self._by_age(head, now_ms)
        )

    def _after_comma(self, head: Sentence) -> int:
        chars = 0
        cuts = set(self._sentences.cut_points(head)[:-1])
        for count, word in enumerate(head.words[head.covered :], head.covered + 1):
            chars += len(word.text) + 1
            if word.text[-1:] in CLAUSE_MARKS and chars >= self._policy.comma_chars and count in cuts:
                return count
        return 0

    def _by_age(self, head: Sentence, now_ms: float) -> int:
        waited = head.uncovered
        old = now_ms - waited[0].spoken_at_ms >= self._policy.age_ms
        return len(head.words) if old and len(waited) >= self._policy.least_words else 0
