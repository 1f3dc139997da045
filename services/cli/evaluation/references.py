"""What a perfect run would have said: the reference transcript, sentence by sentence, through the same engine."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from services.cli.evaluation.quality import sentences
from services.common.errors import EngineError
from services.translator.local.translate import MAX_CHARS, LocalTranslator


async def translated_references(recording: Path, source: str, languages: Iterable[str]) -> dict[str, str]:
    """By language; without those that the engine can't do, and empty without a transcript beside the recording."""
    transcript = recording.with_suffix(".txt")
    if not transcript.exists():
        return {}
    text = await asyncio.to_thread(transcript.read_text, encoding="utf-8")
    parts = [part for sentence in sentences(text) for part in _fitting(sentence)]
    async with LocalTranslator.open() as engine:
        known = engine.targets(source)
        return {
            language: " ".join([await _translate(engine, part, source, language) for part in parts])
            for language in languages
            if language in known
        }


async def _translate(engine: LocalTranslator, text: str, source: str, target: str) -> str:
    try:
        return await engine.translate(text, source, target)
    except EngineError:
        return ""


def _fitting(sentence: str) -> list[str]:
    """A sentence that is too long for one call, in pieces cut between words."""
    pieces: list[str] = []
    for word in sentence.split():
        if pieces and len(pieces[-1]) + 1 + len(word) <= MAX_CHARS:
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces
