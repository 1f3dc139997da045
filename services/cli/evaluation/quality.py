"""How good the words are: error rate of the transcript, and how near the translation is to a reference."""

import re
from collections.abc import Sequence

import jiwer
import sacrebleu

_SENTENCE_END = re.compile(r"(?<=[.?!…])\s+")
_NOT_IN_WORDS = re.compile(r"[^\w']+")


def sentences(text: str) -> list[str]:
    """Cut after sentence marks."""
    return [sentence for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence]


def plain(text: str) -> str:
    """Words without case and punctuation, hyphens taken as spaces."""
    return " ".join(word for part in _NOT_IN_WORDS.split(text.lower().replace("’", "'")) if (word := part.strip("'_")))


def word_error_rate(references: Sequence[str], transcripts: Sequence[str]) -> float | None:
    """0.05 is 5 %: over all recordings together; None where no reference has a word."""
    wanted = [plain(text) for text in references]
    pairs = [(want, plain(said)) for want, said in zip(wanted, transcripts, strict=True) if want]
    if not pairs:
        return None
    return round(float(jiwer.wer([want for want, _ in pairs], [said for _, said in pairs])), 4)


def bleu_and_chrf(said: Sequence[str], references: Sequence[str]) -> tuple[float, float]:
    """0..100, over all recordings together."""
    pair = (list(said), [list(references)])
    return round(sacrebleu.corpus_bleu(*pair).score, 1), round(sacrebleu.corpus_chrf(*pair).score, 1)
