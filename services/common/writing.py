"""How text is written: the marks that end its sentences and clauses, and what stands between words."""

from collections.abc import Iterable, Mapping

from services.common.contracts import SentenceMark
from services.common.languages import LANGUAGES

SENTENCE_MARKS: Mapping[str, SentenceMark] = {
    ".": ".", "…": ".", "。": ".", "।": ".", "?": "?", "？": "?", "؟": "?", "!": "!", "！": "!",
}  # fmt: skip
"""Whatever the script, and how they are told in records."""
CLAUSE_MARKS = (",", ";", ":", "，", "、", "；", "：", "،", "؛")
FULL_STOPS = "".join(mark for mark, told in SENTENCE_MARKS.items() if told == "." and mark != "…")


def is_spaced(code: str) -> bool:
    """Whether spaces stand between this language's words; so in languages that aren't in the table."""
    return code not in LANGUAGES or LANGUAGES[code].spaced


def joined(words: Iterable[str], code: str) -> str:
    """Words of this language as a text."""
    return (" " if is_spaced(code) else "").join(words)
