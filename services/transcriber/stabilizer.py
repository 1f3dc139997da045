"""From revisable hypotheses to words that never change. Pure.

A word that the engine calls stable is final, one that it calls unstable is not. Where it says nothing, words are
final once two successive hypotheses agree on them, and never the last one while the speech goes on. A hypothesis may
begin with words that are final already; what is new begins after the last of them, found by its text near its time.
"""

import math
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from services.common.contracts import Boundary, Final, SentenceMark, Word
from services.transcriber.ports import HeardWord, Hypothesis
from services.transcriber.words import ends_clause, goes_on, normalized, split_mark

REMEMBERED_WORDS = 12
"""How many of the last final words are enough to find the seam in the next hypothesis."""

_SEAM_MS = 700.0
"""How far the same word may move between two hypotheses."""
_SEAM_MATCH = 3
_LONGEST_WORD_MS = 2000.0
"""A longer one has silence in it: an engine's word lasts until the next one begins."""
_USUAL_WORD_MS = 1000.0
_PART_LETTERS = 4
"""Two words that are heard as one have so many each; less is an ending."""
_MARKS = ".,;:?!"
_BETWEEN_ENDS_MS = 1.0
"""An engine may end several words at once; ours are told apart by their ends."""


@dataclass(frozen=True)
class Transcribed:
    """How far a session is, as its own finals tell: enough to go on from after a takeover."""

    words: tuple[Word, ...] = ()
    """The last of them."""
    next_index: int = 0
    open_mark: SentenceMark | None = None
    """The last word's sentence mark, not yet published; None: nothing is open."""
    missing_until_ms: float = 0.0
    """Up to here it was told what is missing."""

    @property
    def end_ms(self) -> float:
        """Where the last final word ends; 0 before the first."""
        return self.words[-1].end_ms if self.words else 0.0

    def after(self, final: Final) -> "Transcribed":
        """With one more final. Its open mark was not published, so a full stop is assumed where there may be one.

        One that lies there twice, since it was put back, changes nothing.
        """
        if final.index < self.next_index:
            return self
        ends = final.words and final.ends in (Boundary.SENTENCE, Boundary.PAUSE)
        may_end_sentence = ends and not ends_clause(final.words[-1].text)
        if final.missing is not None:
            return self.told_missing(final.index, final.missing.end_ms)
        return self.extended(final.words, final.index, "." if may_end_sentence else None)

    def extended(self, words: tuple[Word, ...], index: int, open_mark: SentenceMark | None) -> "Transcribed":
        return replace(self, words=(self.words + words)[-REMEMBERED_WORDS:], next_index=index + 1, open_mark=open_mark)

    def told_missing(self, index: int, until_ms: float) -> "Transcribed":
        """With one more final, which says that audio is missing. It leaves an open mark open."""
        return replace(self, next_index=index + 1, missing_until_ms=until_ms)


@dataclass(frozen=True)
class Run:
    """What a final is made of."""

    index: int
    words: tuple[Word, ...]
    previous_mark: SentenceMark | None
    ends: Boundary


@dataclass(frozen=True)
class Decision:
    """What a hypothesis makes final, and what it only suggests."""

    finals: tuple[Run, ...] = ()
    partial: tuple[Word, ...] = ()
    """The words after the last final that may still change."""


@dataclass
class Stabilizer:
    """One session's hypotheses in, decisions out, from where its finals are."""

    transcribed: Transcribed = field(default_factory=Transcribed)
    _suggested: tuple[str, ...] = ()
    """The previous hypothesis after the last final, normalized."""

    def hear(self, hypothesis: Hypothesis) -> Decision:
        """Take the next hypothesis into account."""
        words = [word for word in hypothesis.words if normalized(word.text)]
        seam = self._seam(words)
        new = [*self._rest(words[:seam]), *words[seam:]]
        count = self._agreed(new, hypothesis.endpoint)
        again = words[seam - 1] if seam else None
        finals = []
        if count:
            finals.append(self._final(new[:count], again, hypothesis))
        elif hypothesis.endpoint:  # all its words were final before: what ends them goes out with what follows
            self.transcribed = replace(self.transcribed, open_mark=self._open_mark(again))
        if hypothesis.quiet and self.transcribed.open_mark is not None:
            finals.append(self._mark_alone())
        self._suggested = tuple(normalized(word.text) for word in new[count:])
        return Decision(tuple(finals), tuple(self._placed(new[count:], hypothesis.heard_ms)))

    def _seam(self, words: list[HeardWord]) -> int:
        """How many words of the hypothesis are final already."""
        final = self.transcribed.words
        for known in (final, _joined(final)):
            if (place := self._place_of(known, words)) is not None:
                return place + 1
        if (place := self._place_of(final[:-1], words)) is not None:
            following = place + 1
            if following < len(words):  # the last final word, heard differently or not at all this time
                following += _same_place(words[following], final[-1])
            return following
        late = (place for place, word in enumerate(words) if _middle(word, place) > self.transcribed.end_ms)
        return next(late, len(words)) if final else 0

    def _rest(self, known: list[HeardWord]) -> list[HeardWord]:
        """What the last final word is only the beginning of, if it is heard as one with the next now: space|flight."""
        if not known or not self.transcribed.words:
            return []
        heard, last = known[-1], self.transcribed.words[-1]
        said = last.text.casefold().rstrip(_MARKS)
        rest = heard.text.strip()[len(said) :]
        grown = heard.text.strip().casefold().startswith(said) and _same_place(heard, last)
        if not grown or min(len(said), len(normalized(rest))) < _PART_LETTERS:
            return []
        return [HeardWord(rest, last.end_ms, max(heard.end_ms, last.end_ms), heard.stable)]

    @staticmethod
    def _place_of(final: tuple[Word, ...], words: list[HeardWord]) -> int | None:
        """Where the last of the final words stands in the hypothesis: near its time, after the same words if any."""
        if not final:
            return None
        said = [normalized(word.text) for word in final]
        heard = [normalized(word.text) for word in words]

        def likeness(place: int) -> tuple[int, float]:
            before = zip(reversed(said), reversed(heard[: place + 1]), strict=False)
            same = [a == b for a, b in before][:_SEAM_MATCH]
            first_difference = same.index(False) if False in same else _SEAM_MATCH
            return first_difference, -_apart_ms(words[place], final[-1])

        near = [
            place
            for place, word in enumerate(words)
            if heard[place] == said[-1]
            and (_apart_ms(word, final[-1]) < _SEAM_MS or (not place and _covers(word, final[-1])))
        ]
        return max(near, key=likeness, default=None)

    def _agreed(self, new: list[HeardWord], endpoint: bool) -> int:
        """How many of the new words are final."""
        if endpoint:
            return len(new)
        count, agreeing = 0, True
        for word, suggested in zip_longest(new, self._suggested):
            if word is None:
                break
            agreeing = agreeing and normalized(word.text) == suggested and count < len(new) - 1
            if not (word.stable or (word.stable is None and agreeing)):
                break
            count += 1
        return count

    def _final(self, new: list[HeardWord], again: HeardWord | None, hypothesis: Hypothesis) -> Run:
        words = self._placed(new, hypothesis.heard_ms)
        previous_mark = self._previous_mark(again, following=words[0].text)
        last = words[-1]
        text, mark = split_mark(last.text)
        words[-1] = Word(text, last.start_ms, last.end_ms)
        ends = Boundary.NONE
        if hypothesis.endpoint:
            ends = Boundary.PAUSE
        elif mark:
            ends = Boundary.SENTENCE
        elif ends_clause(text):
            ends = Boundary.CLAUSE
        run = Run(self.transcribed.next_index, tuple(words), previous_mark, ends)
        self.transcribed = self.transcribed.extended(run.words, run.index, mark or None)
        return run

    def _mark_alone(self) -> Run:
        run = Run(self.transcribed.next_index, (), self.transcribed.open_mark, Boundary.NONE)
        self.transcribed = self.transcribed.extended((), run.index, None)
        return run

    def _previous_mark(self, again: HeardWord | None, following: str) -> SentenceMark | None:
        """The mark of the last final word, now that it was heard again and the word after it is known."""
        mark = self._open_mark(again)
        if mark and goes_on(following):
            return None if self.transcribed.open_mark is None else ""
        return mark

    def _open_mark(self, again: HeardWord | None) -> SentenceMark | None:
        """The last final word's mark as the newest hypothesis has it, where the word was heard again."""
        known = self.transcribed.open_mark
        last = self.transcribed.words[-1].text if self.transcribed.words else ""
        if again is None or normalized(again.text) != normalized(last):
            return known
        mark = split_mark(again.text)[1]
        nothing_opens = not mark or ends_clause(last)
        return None if known is None and nothing_opens else mark

    def _placed(self, words: list[HeardWord], heard_ms: float) -> list[Word]:
        """Times made sane: in order after the last final, each end later than the one before, none longer than a word.

        They end within what was heard, unless words without time of their own are pushed out of it.
        """
        placed: list[Word] = []
        earliest = self.transcribed.end_ms
        for word in words:
            end = max(earliest + _BETWEEN_ENDS_MS, min(word.end_ms, heard_ms))
            start = min(end, max(earliest, word.start_ms))
            end = min(end, start + _LONGEST_WORD_MS)
            if end - start > _LONGEST_WORD_MS:  # the sum was rounded up
                end = math.nextafter(end, start)
            placed.append(Word(word.text.strip(), start, end))
            earliest = end
        return placed


def _joined(final: tuple[Word, ...]) -> tuple[Word, ...]:
    """With the last two heard as one, as when the rest of a word became final by itself: space, flight|spaceflight."""
    if len(final) < 2:
        return ()
    *others, first, last = final
    return (*others, Word(normalized(first.text) + normalized(last.text), first.start_ms, last.end_ms))


def _apart_ms(word: HeardWord, final: Word) -> float:
    """How far they are from each other: by their ends, or by their starts, since a pause may lengthen a word."""
    return min(abs(word.end_ms - final.end_ms), abs(word.start_ms - final.start_ms))


def _same_place(word: HeardWord, final: Word) -> bool:
    """Whether the shorter of them lies for at least its half within the other."""
    overlap_ms = min(word.end_ms, final.end_ms) - max(word.start_ms, final.start_ms)
    return overlap_ms >= min(word.end_ms - word.start_ms, final.end_ms - final.start_ms) / 2


def _covers(word: HeardWord, final: Word) -> bool:
    return word.start_ms <= final.start_ms and final.end_ms <= word.end_ms


def _middle(word: HeardWord, place: int) -> float:
    """About when it was said. A hypothesis may pass over much of what it was given: then its first word begins where
    that does, and only its end says anything."""
    start_ms = word.start_ms if place else max(word.start_ms, word.end_ms - _USUAL_WORD_MS)
    return (start_ms + word.end_ms) / 2
