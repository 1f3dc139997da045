"""What a perfect run would have said: the reference transcript, sentence by sentence, through the same engine."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from services.cli.evaluation.quality import sentences
from services.common.errors import EngineError, EngineLoading
from services.translator.local.translate import MAX_CHARS, LocalTranslator

_LOADING_PAUSE_S = 0.05


async def translated_references(recording: Path, source: str, languages: Iterable[str]) -> dict[str, str]:
    """By language; without those that the engine can't do, and empty without a transcript beside the recording."""
    transcript = recording.with_suffix(".txt")
    if not transcript.exists():
        return {}
    text = await asyncio.to_thread(transcript.read_text, encoding="utf-8")
    parts = [part for sentence in sentences(text) for part in _fitting(sentence)]
    async with LocalTranslator.open() as engine:
        known = engine.targets(source)
        texts = {
            language: " ".join(filter(None, [await _translate(engine, part, source, language) for part in parts]))
            for language in languages
            if language in known
        }
    return {language: text for language, text in texts.items() if text}


async def _translate(engine: LocalTranslator, text: str, source: str, target: str) -> str:
    while True:
        try:
            return await engine.translate(text, source, target)
        except EngineLoading:
            await asyncio.sleep(_LOADING_PAUSE_S)
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
