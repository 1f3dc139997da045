"""What to say next: the interface of the two policies, ``rolling`` and ``clause``, and what they share.

A chunker has no clock and does no I/O. Whoever drives it asks in turn: ``ask`` for what to translate, ``give`` with
the answer, ``decide`` for the next segment, ``look_again`` for when to decide again if nothing else happens.
"""

from typing import Protocol

import msgspec

from services.common.contracts import Final, SentenceMark
from services.translator.sentences import Sentences, SourceWord


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A segment to be: its text, and the source words that it renders. Empty text: nothing is left to say of them."""

    text: str
    words: tuple[SourceWord, ...]
    source: str
    """The words as a text."""
    previous_mark: SentenceMark = ""
    failed: str | None = None

    @property
    def start_ms(self) -> float:
        return self.words[0].start_ms

    @property
    def end_ms(self) -> float:
        return self.words[-1].end_ms


class Chunker(Protocol):
    """A lane's policy. ``now_ms``: by the lane's clock, as ``floor_epoch_ms`` of the finals that it hears.
    ``backlog_ms``: how long the playhead still has speech."""

    def hear(self, final: Final) -> None:
        """Take the next final in."""

    def finish(self, previous_mark: SentenceMark | None) -> None:
        """The session has ended: say the rest."""

    def drain(self, draining: bool) -> None:
        """Whether to say the rest of what was heard without waiting for more."""

    def ask(self, now_ms: float) -> str | None:
        """Text whose translation is needed to decide. None: nothing new."""

    def give(self, text: str, translation: str) -> None:
        """The translation of a text that was asked for."""

    def refuse(self, reason: str) -> None:
        """What was asked for can't be translated: its words become a segment marked as failed."""

    def decide(self, now_ms: float, backlog_ms: float) -> Piece | None:
        """The next segment, if it is time to say one."""

    def look_again(self, now_ms: float, backlog_ms: float) -> float | None:
        """When ``decide`` may say something though no more words have come. None: only then."""

    @property
    def waiting(self) -> int:
        """Words heard that are in no segment yet."""

    @property
    def needed_ms(self) -> float:
        """End of the first word that a takeover must hear again; infinity if there is none."""

    @property
    def finished(self) -> bool:
        """Everything has been said, and no more will come."""

    def take_late_mark(self) -> SentenceMark:
        """The mark that the last text turned out to have, if no segment carries it."""


class SentenceChunker:
    """What the policies share: sentences in, pieces out."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences
        self._draining = False
        self._refused: str | None = None

    def hear(self, final: Final) -> None:
        self._sentences.hear(final)

    def finish(self, previous_mark: SentenceMark | None) -> None:
        self._sentences.finish(previous_mark)

    def drain(self, draining: bool) -> None:
        self._draining = draining

    def refuse(self, reason: str) -> None:
        self._refused = reason

    @property
    def waiting(self) -> int:
        return self._sentences.waiting

    @property
    def needed_ms(self) -> float:
        return self._sentences.needed_ms

    @property
    def finished(self) -> bool:
        return self._sentences.finished

    def take_late_mark(self) -> SentenceMark:
        return self._sentences.take_late_mark()

    def _say(self, text: str, count: int, failed: str | None = None) -> Piece:
        """A segment of the head's next ``count`` words."""
        words, source, mark = self._sentences.cover(count, text)
        return Piece(text=text, words=tuple(words), source=source, previous_mark=mark, failed=failed)
