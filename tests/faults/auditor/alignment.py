"""What was spoken and what was recognized, set beside each other word by word."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein, Opcodes

from tests.faults.auditor.evidence import SpokenWord, Word

_ALIKE = 0.5


def plain(text: str) -> str:
    """A word without case and marks."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


@dataclass(frozen=True)
class Difference:
    """Words that were spoken, and what was recognized in their place; one of them may be nothing."""

    spoken: Sequence[SpokenWord]
    recognized: Sequence[Word]
    place: int
    """Of the first that was recognized, or would have been, among all that were."""

    @property
    def not_recognized(self) -> int:
        """So many spoken words became others, or nothing. A number in figures is as good as one in words."""
        in_words = sum(not figures([word]) for word in self.spoken) if self.recognized else len(self.spoken)
        return max(0, in_words - figures(self.recognized))

    @property
    def unlike(self) -> bool:
        """Whether what was recognized doesn't look like what was spoken: less than half the letters are the same."""
        return Levenshtein.normalized_similarity(_joined(self.spoken), _joined(self.recognized)) < _ALIKE

    @property
    def not_spoken(self) -> int:
        """So many words were recognized that stand for none."""
        return not_stood_for(self.recognized, self.spoken)

    @property
    def at_ms(self) -> float:
        return (self.spoken or self.recognized)[0].start_ms

    def __str__(self) -> str:
        return f"{said(self.spoken)!r} became {said(self.recognized)!r} at {self.at_ms:.0f} ms"


def said(words: Sequence[SpokenWord] | Sequence[Word]) -> str:
    """As text."""
    return " ".join(word.text for word in words)


Same = list[tuple[SpokenWord, Word]]


def same(spoken: Sequence[SpokenWord], recognized: Sequence[Word]) -> list[Same]:
    """The words that were recognized as they were spoken, by runs of those that follow each other."""
    return [
        list(zip(spoken[one.src_start : one.src_end], recognized[one.dest_start : one.dest_end], strict=True))
        for one in _changes(spoken, recognized)
        if one.tag == "equal"
    ]


def differences(spoken: Sequence[SpokenWord], recognized: Sequence[Word]) -> list[Difference]:
    """All of them, in order, by the fewest changes that make one of the other. Words apart or joined are the same."""
    runs: list[tuple[int, int, int, int]] = []
    for change in _changes(spoken, recognized):
        if change.tag == "equal":
            continue
        first, place = change.src_start, change.dest_start
        if runs and (runs[-1][1], runs[-1][3]) == (first, place):
            first, _, place, _ = runs.pop()
        runs.append((first, change.src_end, place, change.dest_end))
    found = [Difference(spoken[first:end], recognized[place:until], place) for first, end, place, until in runs]
    return [one for one in found if _joined(one.spoken) != _joined(one.recognized)]


def not_stood_for(words: Sequence[SpokenWord] | Sequence[Word], others: Sequence[SpokenWord] | Sequence[Word]) -> int:
    """So many more words than the others can stand for: a number in figures for as many as it has of them."""
    return max(0, len(words) - sum(max(1, figures([word])) for word in others))


def letters_without(spoken: Sequence[SpokenWord], recognized: Sequence[Word]) -> int:
    """So many more letters than were recognized in their place."""
    return max(0, len(_joined(spoken)) - len(_joined(recognized)))


def figures(words: Sequence[SpokenWord | Word]) -> int:
    """Each may stand for a word."""
    return sum(letter.isdigit() for word in words for letter in word.text)


def _changes(spoken: Sequence[SpokenWord], recognized: Sequence[Word]) -> Opcodes:
    return Levenshtein.opcodes([plain(word.text) for word in spoken], [plain(word.text) for word in recognized])


def _joined(words: Sequence[SpokenWord] | Sequence[Word]) -> str:
    return "".join(plain(word.text) for word in words)
