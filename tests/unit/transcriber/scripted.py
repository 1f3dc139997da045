"""What the tests of sessions and partitions need: audio that spells words, and an engine that reads it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import msgspec

from services.common.contracts import SAMPLE_RATE, Final, Finished, Frame, Mark, Partial, Recognition, Transcript, Word
from services.common.errors import EngineError, told
from services.common.kafka import Received
from services.common.topics import Topic
from services.transcriber.ports import HeardWord, Hypothesis

FRAME_SAMPLES = SAMPLE_RATE // 2
"""A frame of these tests is half a second and says one word."""
FRAME_MS = 500.0
EPOCH_MS = 1_000_000.0


def pcm_of(number: int) -> bytes:
    """Half a second whose every sample is this number: the word "w<number>". 0 is silence."""
    return number.to_bytes(2, "little") * FRAME_SAMPLES


def frame(
    at: int, number: int | None = None, session: str = "s1", language: str = "en", mark: Mark | None = None
) -> Frame:
    """The frame at half-second ``at``."""
    first_sample = at * FRAME_SAMPLES
    end_ms = at * FRAME_MS + (0 if mark else FRAME_MS)
    return Frame(
        session_id=session,
        language=language,
        seq=at,
        first_sample=first_sample,
        captured_at_ms=EPOCH_MS + end_ms,
        received_at_ms=EPOCH_MS + end_ms + 7,
        pcm=b"" if mark else pcm_of(at + 1 if number is None else number),
        mark=mark,
    )


def received(frames: Iterable[Frame], first_offset: int = 0) -> list[Received[Frame]]:
    """As they come from Kafka, 3 ms after ingest had them."""
    return [
        Received(frame, "audio", 0, offset, frame.received_at_ms + 3)
        for offset, frame in zip(itertools.count(first_offset), frames, strict=False)
    ]


class Outbox:
    """Collects what is published; ``changed`` after each record."""

    def __init__(self) -> None:
        self.records: list[Transcript] = []
        self.partials: list[Partial] = []
        self.fault: BaseException | None = None
        self.on_put: Callable[[], None] = lambda: None
        self.before_put: Callable[[Transcript], None] = lambda record: None
        self.dead: list[tuple[int, str]] = []
        """Offsets of the records that were set aside, with the cause."""

    def put(self, topic: Topic[Any], record: Any) -> None:
        self.before_put(record)
        topic.decode(topic.encode(record).value, ())
        self.records.append(record)
        self.on_put()

    def put_partial(self, topic: Topic[Any], record: Any) -> None:
        self.partials.append(record)

    def fail(self, fault: BaseException) -> None:
        self.fault = fault

    def set_aside(self, records: Sequence[Received[Frame]], fault: BaseException) -> None:
        self.dead += [(received.offset, told(fault)) for received in records]

    @property
    def finals(self) -> list[Final]:
        return [record for record in self.records if isinstance(record, Final)]

    @property
    def finished(self) -> list[Finished]:
        return [record for record in self.records if isinstance(record, Finished)]

    @property
    def recognition(self) -> list[tuple[str, bool]]:
        """Sessions, and whether they are recognized from there on."""
        return [(record.session_id, record.works) for record in self.records if isinstance(record, Recognition)]

    @property
    def words(self) -> list[str]:
        return [word.text for final in self.finals for word in final.words]


class ScriptedRecognizer:
    """Reads the audio of these tests: one hypothesis per frame, all words since the stream began or became final."""

    languages = frozenset({"en"})
    context_ms = 1000.0

    def __init__(self) -> None:
        self.opened: list[int] = []
        """First sample of each stream so far."""
        self.open_streams = 0
        self.heard: list[int] = []
        """The words of all streams, in the order in which they were fed."""
        self.fail_at: dict[int, Exception] = {}
        """Raised once, where a stream comes to this word."""
        self.fail_opening: list[BaseException] = []
        self.fail_at_the_end: list[EngineError] = []
        """Raised to whoever reads while the stream is flushed, which then returns, as a closed stream's flush does."""
        self.spoil_at: set[int] = set()
        """Once, where a stream comes to this word: its times are nonsense."""
        self.deaf_to: set[int] = set()
        """Words that it passes over."""
        self.repeats = 1
        """How often each hypothesis comes."""
        self.closes_slowly = False
        """Once: closing a stream lasts until it is cancelled."""
        self.closing = asyncio.Event()

    @contextlib.asynccontextmanager
    async def open(
        self, language: str, *, first_sample: int, final_words: tuple[Word, ...]
    ) -> AsyncIterator["ScriptedStream"]:
        self.opened.append(first_sample)
        if self.fail_opening:
            raise self.fail_opening.pop(0)
        self.open_streams += 1
        stream = ScriptedStream(self, first_sample)
        try:
            yield stream
        finally:
            self.open_streams -= 1
            stream.queue.put_nowait(None)
            self.closing.set()
            if self.closes_slowly:
                self.closes_slowly = False
                await asyncio.Event().wait()


class ScriptedStream:
    """Every sample but the silent ones counts; consecutive equal samples are one word."""

    def __init__(self, recognizer: ScriptedRecognizer, first_sample: int) -> None:
        self._recognizer = recognizer
        self._position = first_sample
        self._words: list[HeardWord] = []
        self.queue: asyncio.Queue[Hypothesis | Exception | None] = asyncio.Queue(1000)

    async def feed(self, pcm: bytes, first_sample: int) -> None:
        assert first_sample == self._position, "the stream must be fed without gaps"
        at = first_sample
        for number, group in itertools.groupby(memoryview(pcm).cast("H")):
            length = sum(1 for _ in group)
            if number and number not in self._recognizer.deaf_to:
                self._word(number, at, length)
            at += length
        self._position = at
        for _ in range(self._recognizer.repeats):
            self.queue.put_nowait(self._hypothesis())
        await asyncio.sleep(0)

    def _word(self, number: int, at: int, length: int) -> None:
        self._recognizer.heard.append(number)
        if number in self._recognizer.fail_at:
            self.queue.put_nowait(self._recognizer.fail_at.pop(number))
        off_ms = 60_000 if number in self._recognizer.spoil_at else 0
        self._recognizer.spoil_at.discard(number)
        self._words.append(HeardWord(f"w{number}", at / 16 + off_ms, (at + length) / 16 + off_ms))

    def _hypothesis(self, *, last: bool = False) -> Hypothesis:
        return Hypothesis(
            words=tuple(self._words),
            heard_ms=self._position / 16,
            endpoint=last,
            quiet=last,
            decode_started_at_ms=EPOCH_MS + self._position / 16 + 40,
            decode_ms=5.0,
        )

    async def flush(self) -> None:
        if self._recognizer.fail_at_the_end:
            self.queue.put_nowait(self._recognizer.fail_at_the_end.pop())
            return
        self.queue.put_nowait(self._hypothesis(last=True))
        await self.queue.join()

    def finalized(self, until_ms: float) -> None:
        self._words = [word for word in self._words if word.end_ms > until_ms - ScriptedRecognizer.context_ms]

    async def hypotheses(self) -> AsyncIterator[Hypothesis]:
        while (item := await self.queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
            self.queue.task_done()


def restorable(records: Iterable[Transcript]) -> AsyncIterator[Received[Transcript]]:
    """The records as the next owner of the partition reads them."""

    async def tail() -> AsyncIterator[Received[Transcript]]:
        for offset, record in enumerate(records):
            yield Received(msgspec.structs.replace(record), "transcripts", 0, offset, EPOCH_MS)

    return tail()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that other tasks bring about."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)
