"""What Transcribe's event stream brings, from its bytes to hypotheses. The SDK's parser is between; it isn't ours."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from amazon_transcribe.deserialize import TranscribeStreamingEventParser
from amazon_transcribe.model import TranscriptResultStream

from services.common.errors import EngineUnavailable
from services.transcriber.aws.call import Call
from services.transcriber.aws.results import hypothesis
from services.transcriber.ports import Hypothesis
from tests.fuzz.target import Target
from tests.standins import eventstream

_EVENT = {":message-type": "event", ":event-type": "TranscriptEvent", ":content-type": "application/json"}
_LOOP = asyncio.new_event_loop()


def stream_bytes(data: bytes) -> None:
    """The stream's own bytes: frames, checksums, headers."""
    _LOOP.run_until_complete(_read_on(data))


def stream_events(data: bytes) -> None:
    """Payloads of events that are well framed, one a line."""
    _LOOP.run_until_complete(_read_on(b"".join(eventstream.encode(_EVENT, line) for line in data.split(b"\n")[:20])))


async def heard(event: bytes) -> list[Hypothesis]:
    """What one event is heard as; floor time begins at a second. Raises EngineUnavailable."""
    return await _read(eventstream.encode(_EVENT, event), ends=True)


async def _read_on(data: bytes) -> None:
    """The stream is over, or it broke and another call may go on: nothing else is understood by whoever reads it."""
    with contextlib.suppress(EngineUnavailable):
        await _read(data)


async def _read(data: bytes, *, ends: bool = False) -> list[Hypothesis]:
    output = TranscriptResultStream(_Raw(data), TranscribeStreamingEventParser())  # type: ignore[no-untyped-call]
    call = Call(SimpleNamespace(), SimpleNamespace(output_stream=output), 0)  # type: ignore[arg-type]
    if ends:
        call._ended = True
    hypotheses = []
    async for result in call.results():
        told = hypothesis(result, 1000.0)
        if told is not None:
            for word in told.words:
                assert isinstance(word.text, str)
                assert isinstance(word.start_ms, float)
                assert isinstance(word.end_ms, float)
            assert isinstance(told.heard_ms, float)
            hypotheses.append(told)
    return hypotheses


class _Raw:
    """A body that ends after these bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done.set_result(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._data), 512):
            yield self._data[at : at + 512]


def payload(**changes: Any) -> bytes:
    item = {"Content": "hello", "Type": "pronunciation", "StartTime": 0.1, "EndTime": 0.4, "Stable": True}
    mark = {"Content": ",", "Type": "punctuation", "StartTime": 0.4, "EndTime": 0.4}
    result = {
        "Alternatives": [{"Transcript": "hello,", "Items": [item, mark]}],
        "EndTime": 0.5,
        "IsPartial": True,
        "ResultId": "r",
        "StartTime": 0.0,
    }
    return json.dumps({"Transcript": {"Results": [result | changes]}}).encode()


_PAYLOADS = (payload(), payload(IsPartial=False), payload(Alternatives=[]))
_ERROR = eventstream.encode(
    {":message-type": "exception", ":exception-type": "LimitExceededException"}, b'{"Message":"m"}'
)

TARGETS = (
    Target("transcribe-bytes", stream_bytes, (*(eventstream.encode(_EVENT, one) for one in _PAYLOADS), _ERROR)),
    Target("transcribe-events", stream_events, (*_PAYLOADS, b"\n".join(_PAYLOADS))),
)
