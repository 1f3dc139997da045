"""How words are compared, and what their punctuation says."""

import re
import unicodedata

from services.common.contracts import SentenceMark
from services.common.writing import CLAUSE_MARKS, SENTENCE_MARKS

_NOT_IN_WORDS = re.compile(r"[^\w']|_")
_ENDING = re.compile(
    rf"(?P<word>.*?)(?P<marks>[{re.escape(''.join(SENTENCE_MARKS))}]+)(?P<closing>[\"'”’»)\]」』）]*)", re.DOTALL
)
_OPEN_ENDED = ("...", "…")
"""A recognizer's way to say that it was cut off: no sentence mark."""


def normalized(text: str) -> str:
    """The word without case and punctuation, as two hypotheses are compared. Empty if it has no letter or digit."""
    return _NOT_IN_WORDS.sub("", unicodedata.normalize("NFC", text).casefold()).strip("'")


def split_mark(text: str) -> tuple[str, SentenceMark]:
    """The word without its sentence mark, and the mark (``""``: none). Closing quotes stay."""
    ending = _ENDING.fullmatch(text)
    if ending is None:
        return text, ""
    marks = ending["marks"]
    mark: SentenceMark = ""
    if not marks.startswith(_OPEN_ENDED):
        told = {SENTENCE_MARKS[one] for one in marks}
        mark = "?" if "?" in told else "!" if "!" in told else "."
    return ending["word"] + ending["closing"], mark


def ends_clause(text: str) -> bool:
    """Whether a comma, semicolon or colon follows the word."""
    return text.endswith(CLAUSE_MARKS)


def goes_on(text: str) -> bool:
    """Whether the word can't begin a sentence: its first letter is in lower case.

    Upper case proves nothing (names, "I"), digits and scripts without case neither; ``¿`` and quotes are passed over.
    """
    return next((letter.islower() for letter in text if letter.isalnum()), False)
