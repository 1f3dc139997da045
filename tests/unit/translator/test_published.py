"""What a lane knows of its own output."""

from services.common.contracts import Speech
from services.translator.published import Published


def test_speech_whose_caption_kafka_no_longer_keeps_is_passed_over() -> None:
    published = Published()
    published.apply(
        Speech(
            session_id="s",
            language="pt",
            index=4,
            start_ms=0,
            end_ms=1,
            text="olá",
            key="s/pt/000004.flac",
            duration_ms=10,
            published_at_ms=1000,
        )
    )
    assert not published.speechless
    assert published.plays_until_ms > 1000
