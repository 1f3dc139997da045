"""Finals as a transcriber would publish them, and strategies that make whole talks of them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from services.common.contracts import Boundary, Final, SentenceMark, Stretch, Word


def final(
    text: str,
    start_ms: float = 0.0,
    *,
    index: int = 0,
    previous_mark: SentenceMark | None = None,
    ends: Boundary = Boundary.NONE,
    session_id: str = "s",
    language: str = "en",
    published_at_ms: float = 0.0,
) -> Final:
    """A final of these words, each 300 ms long, one after the other."""
    words = tuple(
        Word(word, start_ms + 300 * place, start_ms + 300 * (place + 1)) for place, word in enumerate(text.split())
    )
    return Final(
        session_id=session_id,
        language=language,
        index=index,
        words=words,
        previous_mark=previous_mark,
        ends=ends,
        published_at_ms=published_at_ms,
    )


@st.composite
def talks(draw: st.DrawFn, session_id: str = "s", gaps: bool = False) -> list[Final]:
    """Runs of words w0, w1, ... with marks inside and between, pauses, and finals that only settle a mark.

    gaps: some say that a second is missing.
    """
    finals: list[Final] = []
    spoken = 0
    missing_ms = 0.0
    marks: st.SearchStrategy[SentenceMark | None] = st.sampled_from(["", "", ".", "?", None])
    for _ in range(draw(st.integers(1, 12))):
        if gaps and draw(st.integers(0, 3)) == 0:
            from_ms = 300.0 * spoken + missing_ms
            missing_ms += 1000
            gap = Stretch(from_ms, from_ms + 1000)
            finals.append(Final(session_id=session_id, language="en", index=len(finals), words=(), missing=gap))
        texts, index = [], len(finals)
        count = draw(st.integers(0, 6))
        for place in range(count):
            inner = draw(st.sampled_from(["", "", "", ",", "."])) if place < count - 1 else ""
            texts.append(f"W{spoken + place}{inner}")
        finals.append(
            final(
                " ".join(texts),
                300.0 * spoken + missing_ms,
                index=index,
                previous_mark=draw(marks) if index else None,
                ends=draw(st.sampled_from(list(Boundary))) if count else Boundary.NONE,
                session_id=session_id,
            )
        )
        spoken += count
    return [_with_short_words(draw, one) for one in finals]


def _with_short_words(draw: st.DrawFn, one: Final) -> Final:
    """Some words take hardly any time: each ends a millisecond after the one before it, the least there is."""
    words = list(one.words)
    for place in range(1, len(words)):
        if draw(st.integers(0, 3)) == 0:
            start_ms = words[place - 1].end_ms
            words[place] = Word(words[place].text, start_ms, start_ms + 1)
    return msgspec.structs.replace(one, words=tuple(words))


def words_of(finals: Sequence[Final]) -> list[str]:
    """All words said, in order."""
    return [word.text for final in finals for word in final.words]


def words_in(pieces: Sequence[Any]) -> list[str]:
    """All words that segments (captions or pieces) say they render, in order."""
    return [word for piece in pieces for word in piece.source.split()]
