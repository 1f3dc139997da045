"""Speech on this machine: Pico and RHVoice in worker processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import structlog

from services.common.engine_host import EngineHost
from services.common.errors import EngineRejected
from services.common.languages import LANGUAGES
from services.translator.local import pico, rhvoice, sound
from services.translator.ports import Clip

MAX_CHARS = 600
_LONGEST_WORD = 40
"""A word of thousands of letters never returns."""

log = structlog.get_logger(__name__)


class _Engine(Protocol):
    def speak(self, text: str, voice: str, rate: float) -> tuple[sound.Samples, int]: ...


class Voices:
    """Runs in a worker process: makes clips with the voices of the language table."""

    def __init__(self, engines: frozenset[str]) -> None:
        """engines: ``pico``, ``rhvoice``; loaded now."""
        self._engines: dict[str, _Engine] = {}
        if "pico" in engines:
            self._engines["pico"] = pico.Pico()
        if "rhvoice" in engines:
            self._engines["rhvoice"] = rhvoice.RHVoice()
        for voice in (language.local.voice for language in LANGUAGES.values()):
            if voice and voice.partition(":")[0] in engines:
                self.speak("Um.", voice, 1.0)  # the first clip takes three times as long

    def speak(self, text: str, voice: str, rate: float) -> Clip:
        """voice: ``engine:name``."""
        engine, _, name = voice.partition(":")
        words = (word[:_LONGEST_WORD] for word in text.split())
        return sound.clip(*self._engines[engine].speak(" ".join(words), name, rate))


class LocalSynthesizer:
    """``Synthesizer`` over the voices of the language table that are installed."""

    def __init__(self, host: EngineHost, voices: dict[str, str]) -> None:
        """voices: ``engine:name`` by language code."""
        self._host = host
        self._voices = voices

    @classmethod
    @asynccontextmanager
    async def open(cls, *, workers: int = 1, deadline_s: float = 4.0) -> AsyncIterator["LocalSynthesizer"]:
        """Workers with all voices loaded. Without RHVoice its languages have captions only. Raises EngineError."""
        voices = {code: language.local.voice for code, language in LANGUAGES.items() if language.local.voice}
        if not rhvoice.installed():
            missing = [code for code, voice in voices.items() if voice.startswith("rhvoice:")]
            log.warning("voice_missing", engine="rhvoice", languages=missing)
            voices = {code: voice for code, voice in voices.items() if code not in missing}
        engines = frozenset(voice.partition(":")[0] for voice in voices.values())
        async with EngineHost.open(
            f"{__name__}:{Voices.__name__}", args=(engines,), workers=workers, deadline_s=deadline_s
        ) as host:
            yield cls(host, voices)

    async def synthesize(self, text: str, language: str, rate: float) -> Clip:
        """See ``Synthesizer``."""
        voice = self._voices.get(language)
        if voice is None:
            raise EngineRejected(f"no voice for {language}")
        if not any(map(str.isalnum, text)) or len(text) > MAX_CHARS:
            raise EngineRejected(f"nothing to say, or more than {MAX_CHARS} characters of it")
        clip: Any = await self._host.call("speak", text, voice, rate)
        if not isinstance(clip, Clip):
            raise TypeError(type(clip))
        return clip

    @property
    def languages(self) -> frozenset[str]:
        """Those of the table with a voice that is installed."""
        return frozenset(self._voices)
