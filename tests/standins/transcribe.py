"""Amazon Transcribe's streaming as its SDK speaks it: HTTP/2, signed events both ways. A ``Recognizer`` listens."""

import asyncio
import json
import re
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.transcriber.ports import HeardWord, Hypothesis, Recognizer, RecognizerStream
from tests.standins.eventstream import Decoder, encode
from tests.standins.faults import BREAKS, DAMAGED, DEAF, ENDLESS, ENDS, Fault, Faults
from tests.standins.http2 import Stream, serving
from tests.standins.published import TRANSCRIBE_STREAMS
from tests.standins.signatures import Refused, Signatures

SECRETS = {"test": "secret", "rotated": "another"}
_PATH = "/stream-transcription"
_RATE = 16_000
_LONGEST_MS = 500.0


class TranscribeStandIn:
    """``limit``: streams at once. ``in_stream``: seconds of audio and what happens then, of the next streams."""

    def __init__(self, recognizer: Recognizer, secrets: Mapping[str, str] = SECRETS) -> None:
        """secrets: by access key, of those whom it lets in."""
        self._secrets = secrets
        self.faults = Faults()
        self.in_stream: deque[tuple[float, Fault]] = deque()
        self.limit = 25
        self.open = 0
        self.requests: list[dict[str, str]] = []
        """Headers of the streams that were opened."""
        self.keys: list[str] = []
        """In whose name."""
        self.chunks: list[list[int]] = []
        """Bytes of each stream's chunks."""
        self._recognizer = recognizer

    async def answer(self, stream: Stream) -> None:
        """One streaming call."""
        assert stream.headers[":path"] == _PATH
        try:
            signatures = Signatures(
                self._secrets, _PATH, {"host": stream.headers.get(":authority", ""), **stream.headers}
            )
        except Refused as refused:
            await _reject(stream, Fault(str(refused), 403))
            return
        fault = await self.faults.next("StartStreamTranscription")
        if stream.headers["x-amzn-transcribe-language-code"] not in TRANSCRIBE_STREAMS:
            fault = Fault("BadRequestException")
        if self.open >= self.limit:
            fault = Fault("LimitExceededException", 429)
        if fault:
            await _reject(stream, fault)
            return
        self.requests.append(stream.headers)
        self.keys.append(signatures.key_id)
        self.open += 1
        try:
            await self._transcribe(stream, signatures)
        finally:
            self.open -= 1

    async def _transcribe(self, stream: Stream, signatures: Signatures) -> None:
        chunks: list[int] = []
        self.chunks.append(chunks)
        at_s, fault = self.in_stream.popleft() if self.in_stream else (0.0, None)
        await stream.begin(200, [("content-type", "application/vnd.amazon.eventstream")])
        language = stream.headers["x-amzn-transcribe-language-code"].partition("-")[0]
        async with self._recognizer.open(language, first_sample=0, final_words=()) as ears:
            telling = asyncio.create_task(_tell(ears, stream))
            try:
                async for pcm in _audio(signatures, stream):
                    await ears.feed(pcm, sum(chunks) // 2)
                    chunks.append(len(pcm))
                    if not fault or sum(chunks) / 2 / _RATE < at_s:
                        continue
                    if fault is DEAF:
                        telling.cancel()
                    elif fault is not ENDLESS:
                        break
                else:
                    if not telling.cancelled():
                        await ears.flush()
                    if fault is ENDLESS:
                        await asyncio.Event().wait()
                    fault = None
            finally:
                telling.cancel()
                await asyncio.wait([telling])
        if fault is BREAKS:
            stream.abort()
        else:
            await stream.send(_last_message(fault) if fault else b"", last=True)


async def _audio(signatures: Signatures, stream: Stream) -> AsyncIterator[bytes]:
    """Chunks, until the empty one that ends them, or the client is gone."""
    decoder = Decoder()
    while (received := await stream.received.get()) is not None:
        for message in decoder.feed(received):
            signatures.check(message)
            if not message.payload:
                return
            (event,) = Decoder().feed(message.payload)
            assert event.headers[":event-type"] == "AudioEvent"
            if not event.payload:
                return
            yield event.payload


async def _tell(ears: RecognizerStream, stream: Stream) -> None:
    """Hypotheses as results, each of the words after those of the last final one."""
    final_ms = 0.0
    name = str(uuid.uuid4())
    async for hypothesis in ears.hypotheses():
        words = [word for word in map(_capped, hypothesis.words) if (word.start_ms + word.end_ms) / 2 > final_ms]
        if not words:
            continue
        await stream.send(_event(name, words, hypothesis))
        if hypothesis.endpoint:
            final_ms, name = words[-1].end_ms, str(uuid.uuid4())
            ears.finalized(final_ms)


def _capped(word: HeardWord) -> HeardWord:
    """The local recognizer's words may last until the next one begins; the service's don't."""
    return HeardWord(word.text, word.start_ms, min(word.end_ms, word.start_ms + _LONGEST_MS), word.stable)


def _event(name: str, words: list[HeardWord], hypothesis: Hypothesis) -> bytes:
    items = [item for word in words for item in _items(word, hypothesis.endpoint)]
    result = {
        "Alternatives": [{"Items": items, "Transcript": " ".join(word.text for word in words)}],
        "EndTime": words[-1].end_ms / 1000,
        "IsPartial": not hypothesis.endpoint,
        "ResultId": name,
        "StartTime": words[0].start_ms / 1000,
    }
    return encode(
        {":content-type": "application/json", ":event-type": "TranscriptEvent", ":message-type": "event"},
        json.dumps({"Transcript": {"Results": [result]}}).encode(),
    )


def _items(word: HeardWord, final: bool) -> list[dict[str, Any]]:
    found = re.fullmatch(r"(.*?)([.,!?…]*)", word.text.strip())
    assert found
    end_s = word.end_ms / 1000
    stable = final or word.stable is True
    spoken = {"Content": found[1], "StartTime": word.start_ms / 1000, "EndTime": end_s, "Type": "pronunciation"}
    mark = {"Content": found[2], "StartTime": end_s, "EndTime": end_s, "Type": "punctuation"}
    return [{**item, "Stable": stable, "VocabularyFilterMatch": False} for item in (spoken, mark) if item["Content"]]


def _last_message(fault: Fault) -> bytes:
    if fault is ENDS:
        return b""
    headers = {
        ":content-type": "application/json",
        ":exception-type": str(fault.code),
        ":message-type": "exception",
    }
    message = encode(headers, json.dumps({"Message": fault.message}).encode())
    return message[:-1] + bytes([message[-1] ^ 1]) if fault is DAMAGED else message


async def _reject(stream: Stream, fault: Fault) -> None:
    await stream.begin(fault.status, [("x-amzn-errortype", str(fault.code)), ("content-type", "application/json")])
    await stream.send(json.dumps({"Message": fault.message}).encode(), last=True)


@asynccontextmanager
async def listening(standin: TranscribeStandIn, folder: Path) -> AsyncIterator[dict[str, str]]:
    """The variables by which a transcriber finds and trusts it. folder: for keys."""
    async with serving(standin.answer, folder) as (port, certificate):
        yield {"DRAGOMAN_TRANSCRIBE_ENDPOINT": f"https://127.0.0.1:{port}", "SSL_CERT_FILE": str(certificate)}


@asynccontextmanager
async def transcribing(recognizer: Recognizer, folder: Path) -> AsyncIterator[tuple[TranscribeStandIn, str]]:
    """A stand-in that hears with this recognizer, and its endpoint, which this process trusts. folder: for keys."""
    standin = TranscribeStandIn(recognizer)
    with pytest.MonkeyPatch.context() as environment:
        async with listening(standin, folder) as found:
            environment.setenv("SSL_CERT_FILE", found["SSL_CERT_FILE"])
            environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
            environment.setenv("AWS_ACCESS_KEY_ID", "test")
            environment.setenv("AWS_SECRET_ACCESS_KEY", SECRETS["test"])
            yield standin, found["DRAGOMAN_TRANSCRIBE_ENDPOINT"]
