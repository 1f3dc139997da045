"""Amazon Polly."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape

import structlog

from services.common.errors import EngineRejected, EngineUnavailable
from services.common.languages import LANGUAGES
from services.translator import metrics
from services.translator.aws.breaker import Circuit
from services.translator.aws.calls import MISSING_HERE, at_start, code_of, faults, open_client
from services.translator.aws.duration import mp3_ms, ogg_opus_ms
from services.translator.aws.quota import Quota
from services.translator.aws.style import AudioFormat
from services.translator.ports import Clip

MAX_CHARS = 3000
"""Billed characters of one call: the service's own limit."""
_CONNECTIONS = 16
"""Fewer than the 18 calls of the neural engine that an account may have at once."""
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

log = structlog.get_logger(__name__)


class _Kind(NamedTuple):
    content_type: str
    extension: str
    duration_ms: Callable[[bytes], float]


_KINDS: Mapping[AudioFormat, _Kind] = {
    "mp3": _Kind("audio/mpeg", "mp3", mp3_ms),
    "ogg_opus": _Kind("audio/ogg", "ogg", ogg_opus_ms),
}


class AmazonSynthesizer:
    """``Synthesizer`` over the voices of the language table that the region has. Clips are stored as they come."""

    def __init__(self, client: Any, voices: Mapping[str, str], audio_format: AudioFormat, quota: Quota) -> None:
        """voices: ``engine:name:language`` by our code."""
        self._client = client
        self._voices = voices
        self._format: AudioFormat = audio_format
        self._quota = quota
        self._circuit = Circuit("polly")
        self._rateless: set[str] = set()
        """Engines that refused a rate."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, audio_format: AudioFormat, *, per_s: float, patience_s: float
    ) -> AsyncIterator["AmazonSynthesizer"]:
        """Ready once the service has named its voices. per_s, patience_s: see ``Quota``. Raises SettingsError."""
        async with open_client("polly", connections=_CONNECTIONS) as client:
            there = await at_start("polly", lambda: _there(client))
            table = {code: language.aws.voice for code, language in LANGUAGES.items() if language.aws.voice}
            voices = {code: voice for code, voice in table.items() if voice in there}
            if missing := sorted(table.keys() - voices):
                log.warning("voice_missing", engine="polly", languages=missing, remedy=MISSING_HERE)
            yield cls(client, voices, audio_format, Quota("polly", per_s=per_s, patience_s=patience_s))

    async def synthesize(self, text: str, language: str, rate: float) -> Clip:
        """See ``Synthesizer``. An engine that takes no rate speaks at its own pace."""
        voice = self._voices.get(language)
        if voice is None:
            raise EngineRejected(f"no voice for {language}")
        if not any(map(str.isalnum, text)) or len(text) > MAX_CHARS:
            raise EngineRejected(f"nothing to say, or more than {MAX_CHARS} characters of it")
        text = _NOT_XML.sub(" ", text)
        engine = voice.partition(":")[0]
        if rate == 1.0 or engine in self._rateless:
            return await self._say(voice, "text", text)
        try:
            return await self._say(voice, "ssml", _at_rate(text, rate))
        except EngineRejected as fault:
            if code_of(fault) != "InvalidSsmlException":
                raise
            log.warning("rate_not_taken", engine=engine, reason=str(fault))
            self._rateless.add(engine)
        return await self._say(voice, "text", text)

    @property
    def languages(self) -> frozenset[str]:
        """Those of the table with a voice that the region has."""
        return frozenset(self._voices)

    async def _say(self, voice: str, text_type: Literal["text", "ssml"], text: str) -> Clip:
        kind = _KINDS[self._format]
        engine, name, language = voice.split(":")
        with self._circuit.call(), faults("Polly", self._quota):
            await self._quota.turn()
            answer = await self._client.synthesize_speech(
                Engine=engine,
                VoiceId=name,
                LanguageCode=language,
                OutputFormat=self._format,
                TextType=text_type,
                Text=text,
            )
            metrics.BILLED_CHARACTERS.labels("polly").inc(answer.get("RequestCharacters", 0))
            async with answer["AudioStream"] as stream:
                audio = await stream.read()
        try:
            duration_ms = kind.duration_ms(audio)
        except ValueError as fault:
            raise EngineUnavailable(f"Polly: {len(audio)} bytes of {self._format} that can't be read") from fault
        if not duration_ms:
            raise EngineRejected("the voice gave no sound")
        return Clip(audio=audio, content_type=kind.content_type, extension=kind.extension, duration_ms=duration_ms)


async def _there(client: Any) -> frozenset[str]:
    """Voices of this region, ``engine:name:language``. Raises EngineError."""
    with faults("Polly DescribeVoices"):
        pages = client.get_paginator("describe_voices").paginate()
        found = [voice async for page in pages for voice in page["Voices"]]
    return frozenset(
        f"{engine}:{voice['Id']}:{language}"
        for voice in found
        for engine in voice["SupportedEngines"]
        for language in (voice["LanguageCode"], *voice.get("AdditionalLanguageCodes", ()))
    )


def _at_rate(text: str, rate: float) -> str:
    return f'<speak><prosody rate="{round(100 * rate)}%">{escape(text)}</prosody></speak>'
