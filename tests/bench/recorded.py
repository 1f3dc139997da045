"""A talk whose captions and clips are known beforehand, published as the translator would publish them."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from services.common import stages
from services.common.clock import now_ms
from services.common.contracts import Caption, Session, Speech, State
from services.common.kafka import Publisher
from services.common.topics import SESSIONS, TRANSLATIONS

_CLIP_BYTES = 40_000
"""Of a FLAC clip of some three seconds."""
_WORDS = 6
"""Of a segment."""
_SPEECH_AFTER_S = 0.08
"""What synthesis and the store take."""
_STAGES = dict.fromkeys((stages.CAPTURE, stages.AGREE, stages.RECOGNIZE, stages.TRANSLATE), 100.123)


class _Word(msgspec.Struct, frozen=True):
    word: str
    start_ms: float
    end_ms: float


class RecordedTalk:
    """A session: ``open`` it, then ``speak``."""

    def __init__(self, recording: Path, language: str) -> None:
        """recording: one with the times of its words beside it."""
        self.session_id = secrets.token_hex(12)
        self.language = language
        self._key = f"{self.session_id}/{language}/clip.flac"
        self._words = msgspec.json.decode(recording.with_suffix(".words.json").read_bytes(), type=list[_Word])

    async def open(self, publisher: Publisher, clips: Any, bucket: str) -> None:
        """Announce the session, and store the clip that stands for all of them."""
        session = Session(
            session_id=self.session_id,
            code=secrets.token_hex(4),
            title="A recorded talk",
            owner="bench",
            source_language="en",
            state=State.LIVE,
            created_at_ms=now_ms(),
            updated_at_ms=now_ms(),
        )
        await publisher.send(SESSIONS, session)
        await clips.put_object(Bucket=bucket, Key=self._key, Body=bytes(_CLIP_BYTES))

    async def speak(self, publisher: Publisher) -> None:
        """Publish each segment at the moment its last word was spoken, the talk again and again, for ever."""
        epoch_ms = now_ms()
        for caption in self._captions(epoch_ms):
            await asyncio.sleep((epoch_ms + caption.end_ms - now_ms()) / 1000)
            await publisher.send(TRANSLATIONS, msgspec.structs.replace(caption, published_at_ms=now_ms()))
            await asyncio.sleep(_SPEECH_AFTER_S)
            await publisher.send(TRANSLATIONS, _speech(caption, self._key))

    def _captions(self, epoch_ms: float) -> Iterator[Caption]:
        index, begin_ms = 0, 0.0
        while True:
            for first in range(0, len(self._words), _WORDS):
                words = self._words[first : first + _WORDS]
                text = " ".join(word.word for word in words)
                yield Caption(
                    session_id=self.session_id,
                    language=self.language,
                    index=index,
                    start_ms=begin_ms + words[0].start_ms,
                    end_ms=begin_ms + words[-1].end_ms,
                    text=text,
                    source=text,
                    spoken=True,
                    floor_epoch_ms=epoch_ms,
                    stages=_STAGES,
                )
                index += 1
            begin_ms += self._words[-1].end_ms


def _speech(caption: Caption, key: str) -> Speech:
    return Speech(
        session_id=caption.session_id,
        language=caption.language,
        index=caption.index,
        start_ms=caption.start_ms,
        end_ms=caption.end_ms,
        text=caption.text,
        key=key,
        duration_ms=2_000.0,
        floor_epoch_ms=caption.floor_epoch_ms,
        stages=caption.stages,
        published_at_ms=now_ms(),
    )
