"""What a lane publishes, made of what it knows."""

from collections.abc import Mapping

from services.common import stages
from services.common.clock import now_ms
from services.common.contracts import MISSING, SHED, Caption, Final, Speech, Stretch
from services.common.kafka import Received
from services.translator.chunker import Piece


def caption(
    piece: Piece, index: int, language: str, source: Received[Final], *, spoken: bool, shed: bool, translate_ms: float
) -> Caption:
    """Of what was decided just now. source: the final in which its words end. translate_ms: what its translation took.

    shed: there would be speech, had it not come too late.
    """
    final, published_at_ms = source.record, now_ms()
    decide_ms = max(0.0, published_at_ms - source.read_at_ms)
    translate_ms = min(translate_ms, decide_ms)
    return Caption(
        session_id=final.session_id,
        language=language,
        index=index,
        start_ms=piece.start_ms,
        end_ms=piece.end_ms,
        text=piece.text,
        source=piece.source,
        spoken=spoken,
        previous_mark=piece.previous_mark,
        failed=piece.failed,
        unspoken=SHED if shed else None,
        floor_epoch_ms=final.floor_epoch_ms,
        stages={
            **final.stages,
            stages.TRANSCRIPTS_TOPIC: max(0.0, source.read_at_ms - final.published_at_ms),
            stages.DECIDE: decide_ms - translate_ms,
            stages.TRANSLATE: translate_ms,
        },
        published_at_ms=published_at_ms,
    )


def textless(final: Final, index: int, language: str, span: Stretch, source: str = "") -> Caption:
    """In place of what is missing there, or could not be translated."""
    return Caption(
        session_id=final.session_id,
        language=language,
        index=index,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        text="",
        source=source,
        spoken=False,
        failed=MISSING if final.missing else "translation failed",
        missing_ms=span.end_ms - span.start_ms if final.missing else 0.0,
        floor_epoch_ms=final.floor_epoch_ms,
        published_at_ms=now_ms(),
    )


def speech(
    of: Caption,
    *,
    key: str | None = None,
    duration_ms: float = 0.0,
    failed: str | None = None,
    spent: Mapping[str, float] | None = None,
) -> Speech:
    """The clip, or that there is none, and why. spent: milliseconds by stage since the caption."""
    return Speech(
        session_id=of.session_id,
        language=of.language,
        index=of.index,
        start_ms=of.start_ms,
        end_ms=of.end_ms,
        text=of.text,
        key=key,
        duration_ms=duration_ms,
        failed=failed,
        floor_epoch_ms=of.floor_epoch_ms,
        stages={**of.stages, **(spent or {})},
        published_at_ms=now_ms(),
    )
