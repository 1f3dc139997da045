"""SVOX Pico, from a wheel that has its voices: en, es, fr, it, de; a 6 s clip takes 30 ms."""

from py_nanotts import NanoTTS, Voice

from services.translator.local.sound import Samples, from_s16

RATE = 16_000
VOICES = frozenset(voice.value for voice in Voice)


class Pico:
    """Not thread-safe."""

    def __init__(self) -> None:
        self._engine = NanoTTS()

    def speak(self, text: str, voice: str, rate: float) -> tuple[Samples, int]:
        """Samples and their rate. voice: such as ``es-ES``."""
        unmarked = text.replace("<", " ").replace(">", " ")  # or it would take them for its own mark-up
        return from_s16(self._engine.speak(unmarked, voice=voice, speed=rate)), RATE
