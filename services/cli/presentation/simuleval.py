"""A talk in SimulEval's instance form, one JSON object per recording and language, for other scorers to read."""

from pathlib import Path

import msgspec

from services.cli.evaluation.report import LanguageTalk, Talk


class Instance(msgspec.Struct, frozen=True):
    """Times in ms of the talk, one per word of the prediction.

    ``elapsed``: when the word's caption was received. ``delays``: how much of the source had been spoken then.
    """

    index: int
    source: list[str]
    prediction: str
    delays: list[float]
    elapsed: list[float]
    prediction_length: int
    reference: str
    source_length: float


def instance(index: int, recording: Path, talk: Talk, language: LanguageTalk) -> Instance:
    """reference: a person's translation where there is one, else the engine's own of the reference transcript."""
    length_ms = talk.duration_s * 1000
    elapsed = [
        round(segment.caption_at_ms - segment.caption.floor_epoch_ms, 1)
        for segment in language.segments
        for _ in segment.caption.text.split()
    ]
    prediction = " ".join(segment.caption.text for segment in language.segments if segment.caption.text)
    return Instance(
        index=index,
        source=[str(recording)],
        prediction=prediction,
        delays=[min(at_ms, length_ms) for at_ms in elapsed],
        elapsed=elapsed,
        prediction_length=len(elapsed),
        reference=language.human_reference or language.reference or "",
        source_length=round(length_ms, 1),
    )
