"""What a lane knows of its own output."""

import pytest

from services.common.contracts import Caption, Speech
from services.translator.published import DELIVERY_MS, Published


def speech(index: int, duration_ms: float, published_at_ms: float) -> Speech:
    return Speech(
        session_id="s",
        language="pt",
        index=index,
        start_ms=0,
        end_ms=1,
        text="olá",
        key=f"s/pt/{index:06d}.flac",
        duration_ms=duration_ms,
        published_at_ms=published_at_ms,
    )


def test_speech_whose_caption_kafka_no_longer_keeps_is_passed_over() -> None:
    published = Published()
    published.apply(speech(4, 10, 1000))
    assert not published.speechless
    assert published.backlog_ms(1000) > 0


def test_clips_follow_each_other() -> None:
    published = Published()
    published.apply(speech(0, 3000, 100_000))
    published.apply(speech(1, 2000, 101_000))
    assert published.backlog_ms(102_000) == pytest.approx(3000 + DELIVERY_MS)
    assert published.backlog_ms(200_000) == 0


HOUR_MS = 3_600_000


def test_a_clock_that_was_set_back_leaves_no_more_to_be_heard_than_there_was() -> None:
    published = Published()
    published.apply(speech(0, 3000, 100_000 + HOUR_MS))
    assert published.backlog_ms(101_000) == 3000
    published.apply(speech(1, 2000, 101_000))
    assert published.backlog_ms(102_000) < 5000


def test_a_caption_that_lies_there_twice_is_known_once() -> None:
    published = Published()
    captions = [
        Caption(session_id="s", language="pt", index=at, start_ms=at, end_ms=at + 1, text="a", source="b", spoken=True)
        for at in range(2)
    ]
    for caption in (*captions, captions[1], captions[0]):
        published.apply(caption)
    assert (published.next_index, published.covered_ms) == (2, 2)
    assert list(published.speechless) == captions
    assert len(published.said) == 2
