"""Records as tests of the notifier need them."""

from services.common.clock import now_ms
from services.common.contracts import Caption, Final, Session, Speech, State, Word


def session(session_id: str = "s1", code: str = "Calm-Otter-7", **changes: object) -> Session:
    values: dict[str, object] = {
        "title": "A talk",
        "owner": "somebody",
        "source_language": "en",
        "state": State.LIVE,
        "updated_at_ms": now_ms(),
    }
    return Session(session_id=session_id, code=code, **(values | changes))  # type: ignore[arg-type]


def caption(
    index: int, *, session_id: str = "s1", language: str = "pt", spoken: bool = True, at: float = 0.0
) -> Caption:
    return Caption(
        session_id=session_id,
        language=language,
        index=index,
        start_ms=index * 1000.0,
        end_ms=index * 1000.0 + 1000.0,
        text=f"{session_id} {language} {index}",
        source=f"words {index}",
        spoken=spoken,
        stages={"translate": 5.0},
        published_at_ms=at,
    )


def speech(index: int, *, session_id: str = "s1", language: str = "pt", at: float = 0.0) -> Speech:
    return Speech(
        session_id=session_id,
        language=language,
        index=index,
        start_ms=index * 1000.0,
        end_ms=index * 1000.0 + 1000.0,
        text=f"{session_id} {language} {index}",
        key=f"{session_id}/{language}/{index:06}.flac",
        duration_ms=900.0,
        published_at_ms=at,
    )


def final(index: int, text: str, *, session_id: str = "s1") -> Final:
    words = tuple(Word(word, index * 1000.0, index * 1000.0 + 500.0) for word in text.split())
    return Final(session_id=session_id, language="en", index=index, words=words, previous_mark="." if index else None)
