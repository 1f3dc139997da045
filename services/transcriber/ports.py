"""What the transcriber needs from a recognition engine."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from services.common.contracts import Word


class HeardWord(msgspec.Struct, frozen=True):
    """A word of a hypothesis. ``stable``: the engine's promise that it won't change; None where it makes none."""

    text: str
    start_ms: float
    end_ms: float
    stable: bool | None = None


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine takes the last stretch of speech to be. Words may begin with some that are final already."""

    words: tuple[HeardWord, ...]
    heard_ms: float
    """Floor audio up to here has been taken into account."""
    endpoint: bool = False
    """The stretch ended with silence, or the engine closed its result: its words won't grow."""
    quiet: bool = False
    """Long silence: whatever is open (a sentence mark) may be decided, and context is no longer of use."""
    decode_started_at_ms: float = 0.0
    decode_ms: float = 0.0


class RecognizerStream(Protocol):
    """One session's speech in, hypotheses out."""

    async def feed(self, pcm: bytes, first_sample: int) -> None:
        """Give audio (s16le mono 16 kHz) in order and without gaps. Waits while the engine is too far behind."""

    async def flush(self) -> None:
        """No more speech for now: recognize the rest. Its last hypothesis is out when this returns."""

    def finalized(self, until_ms: float) -> None:
        """Words up to here are final: audio that is only needed for them, beyond context, may go."""

    def hypotheses(self) -> AsyncIterator[Hypothesis]:
        """As they come. Ends when the stream is closed. Raises EngineError."""


class Recognizer(Protocol):
    """A speech recognizer. Adapters: ``local`` (open models on this machine), ``aws`` (Transcribe)."""

    def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AbstractAsyncContextManager[RecognizerStream]:
        """Recognize one session from ``first_sample`` on.

        final_words: the last of them, of which some may lie after ``first_sample`` (context after a takeover).
        Raises EngineError.
        """

    @property
    def context_ms(self) -> float:
        """How much audio before the first word that is not final it wants to hear again after a takeover."""

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the language table that it recognizes."""
