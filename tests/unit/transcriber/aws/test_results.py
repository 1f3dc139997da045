"""Events of Transcribe that aren't as its documentation has them: another stream is opened, nothing else fails."""

import pytest

from services.common.errors import EngineUnavailable
from tests.fuzz.targets.transcribe import heard, payload


async def test_a_result_becomes_words_in_floor_time() -> None:
    (result,) = await heard(payload(IsPartial=False))
    assert [(word.text, word.start_ms, word.end_ms) for word in result.words] == [("hello,", 1100.0, 1400.0)]


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"{",
        b"\xff",
        b"{}",
        b"[" * 60_000,
        b'{"Transcript": null}',
        payload(Alternatives=None),
        payload(Alternatives=7),
        payload(Alternatives=[{"Items": [{"Content": 7, "Type": "pronunciation", "StartTime": 0, "EndTime": 1}]}]),
        payload(Alternatives=[{"Items": [{"Content": "a", "Type": "pronunciation", "StartTime": "0", "EndTime": 1}]}]),
        payload(EndTime=float("inf")),
        payload(EndTime=-1),
    ],
)
async def test_an_event_that_can_not_be_read_is_a_stream_that_broke(event: bytes) -> None:
    with pytest.raises(EngineUnavailable, match="can't be read"):
        await heard(event)
