"""Amazon Polly as aiobotocore speaks it: REST with JSON. Its voices hum, as long as the text, at the rate asked for."""

import io
import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
import soundfile
from aiohttp import web

from tests.standins.faults import Fault
from tests.standins.published import POLLY_VOICES
from tests.standins.rest import Invalid, Service, break_off

_S_PER_CHAR = 0.06
_RATE = {"mp3": 24_000, "ogg_opus": 48_000}
_KIND = {"mp3": ("MP3", "MPEG_LAYER_III", "audio/mpeg"), "ogg_opus": ("OGG", "OPUS", "audio/ogg")}
_MAX_CHARS = 3000


class PollyStandIn(Service):
    """``voices``: those of the region. ``rateless``: engines that refuse SSML's rate. ``tagged``: whether its MP3 tells
    the encoder's padding."""

    name = "polly"

    def __init__(self) -> None:
        super().__init__()
        self.voices = dict(POLLY_VOICES)
        self.rateless: set[str] = set()
        self.tagged = True

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/v1/voices", self._describe_voices)
        application.router.add_post("/v1/speech", self._synthesize_speech)
        return application

    async def _describe_voices(self, request: web.Request) -> web.Response:
        """In two pages, so that whoever reads only the first is found out."""
        await self.hang()
        if fault := await self.faults.next("DescribeVoices"):
            return _failed(request, fault)
        names = list(self.voices)
        first = "NextToken" not in request.query
        shown = names[:3] if first else names[3:]
        page = {"Voices": [_described(name, *self.voices[name]) for name in shown]}
        return web.json_response({**page, "NextToken": "rest"} if first else page)

    async def _synthesize_speech(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
        arguments = json.loads(await request.read())
        await self.hang()
        if fault := await self.faults.next("SynthesizeSpeech"):
            return _failed(request, fault)
        try:
            self.heard("SynthesizeSpeech", arguments)
        except Invalid as invalid:
            return _failed(request, Fault("ValidationException", message=str(invalid)))
        languages, engines = self.voices[arguments["VoiceId"]]
        if arguments["Engine"] not in engines:
            return _failed(request, Fault("EngineNotSupportedException"))
        if arguments.get("LanguageCode", languages[0]) not in languages:
            return _failed(request, Fault("LanguageNotSupportedException"))
        try:
            text, rate = self._read(arguments)
        except (ElementTree.ParseError, ValueError) as fault:
            return _failed(request, Fault("InvalidSsmlException", message=str(fault)))
        if len(text) > _MAX_CHARS:
            return _failed(request, Fault("TextLengthExceededException"))
        audio, content_type = self._hum(text, rate, arguments["OutputFormat"])
        return web.Response(body=audio, content_type=content_type, headers={"x-amzn-RequestCharacters": str(len(text))})

    def _read(self, arguments: dict[str, Any]) -> tuple[str, float]:
        """What is to be said, and how fast."""
        if arguments["TextType"] == "text":
            return arguments["Text"], 1.0
        root = ElementTree.fromstring(arguments["Text"])
        (prosody,) = root
        if root.tag != "speak" or prosody.tag != "prosody" or len(prosody) or arguments["Engine"] in self.rateless:
            raise ValueError(f"{arguments['Engine']}: unsupported tag")
        percent = int(prosody.attrib["rate"].removesuffix("%"))
        if not 20 <= percent <= 200:
            raise ValueError(f"rate {percent}%")
        return prosody.text or "", percent / 100

    def _hum(self, text: str, rate: float, audio_format: str) -> tuple[bytes, str]:
        container, subtype, content_type = _KIND[audio_format]
        samples_per_s = _RATE[audio_format]
        count = round(_S_PER_CHAR * len(text) / rate * samples_per_s)
        tone = 0.2 * np.sin(2 * np.pi * 220 * np.arange(count) / samples_per_s)
        file = io.BytesIO()
        soundfile.write(file, tone, samples_per_s, format=container, subtype=subtype)
        audio = file.getvalue()
        return (audio if self.tagged or audio_format != "mp3" else _untagged(audio)), content_type


def _described(name: str, languages: Sequence[str], engines: Sequence[str]) -> dict[str, Any]:
    own, *others = languages
    more = {"AdditionalLanguageCodes": others} if others else {}
    return {"Id": name, "LanguageCode": own, "SupportedEngines": engines, **more}


def _untagged(audio: bytes) -> bytes:
    """Without the first frame, which holds the encoder's tag: as an encoder writes into a pipe."""
    assert b"Info" in audio[:64] or b"Xing" in audio[:64]
    return audio[audio.index(audio[:2], 1) :]


def _failed(request: web.Request, fault: Fault) -> web.Response:
    if fault.code is None:
        return break_off(request)
    return web.json_response(
        {"message": fault.message}, status=fault.status, headers={"x-amzn-ErrorType": f"{fault.code}:http://internal"}
    )
