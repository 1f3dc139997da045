"""What the local recognizer knows of its model without loading it: the model lives in worker processes only."""

import msgspec

ENGINE = "services.transcriber.local.whisper:Whisper"
MAX_SPEECH_S = 28.0
"""Longest stretch that one call takes."""


class Spoken(msgspec.Struct, frozen=True):
    """A recognized word, in milliseconds since the window began."""

    text: str
    start_ms: float
    end_ms: float
    probability: float = 0.0
    """Of its least likely token, given the audio and the words before."""
