"""What the translator needs: a translation engine, a voice, and a place for clips."""

import hashlib
from typing import Protocol

import msgspec


class Clip(msgspec.Struct, frozen=True):
    """Speech as it will be stored: encoded audio, and its exact length."""

    audio: bytes
    content_type: str
    extension: str
    duration_ms: float

    @property
    def digest(self) -> str:
        """A name for this audio and no other."""
        return hashlib.blake2b(self.audio, digest_size=8).hexdigest()


class Translator(Protocol):
    """Text to text. Adapters: ``local`` (open models), ``aws`` (Translate)."""

    async def translate(self, text: str, source: str, target: str) -> str:
        """One sentence or the beginning of one, at most a few hundred characters; case and marks as recognized.

        Raises EngineUnavailable (EngineLoading, where it has first to load what this pair needs), EngineRejected.
        """

    def targets(self, source: str) -> frozenset[str]:
        """Codes of the language table that it translates to from this language."""


class Synthesizer(Protocol):
    """Text to speech. Adapters: ``local`` (open voices), ``aws`` (Polly)."""

    async def synthesize(self, text: str, language: str, rate: float) -> Clip:
        """rate: 1.0 is the voice's own pace, 1.4 takes 1/1.4 of the time. Raises EngineUnavailable, EngineRejected."""

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the language table that it has a voice for."""


class ClipStore(Protocol):
    """Where clips are kept for listeners to fetch."""

    async def put(self, key: str, clip: Clip) -> None:
        """Store under the key, over whatever was there. Raises EngineUnavailable."""
