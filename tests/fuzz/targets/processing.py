"""Records that can be read, in any order and with any content, through the processors of transcriber and translator."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from random import Random
from typing import Any

import msgspec
from structlog.testing import capture_logs

from services.common.audience import AudienceView
from services.common.clock import now_ms
from services.common.contracts import Caption, Final, Frame, Mark, Partial, Record, Speech
from services.common.errors import RecordRefused
from services.common.kafka import Outbox, Processor, Received
from services.common.topics import AUDIO, TRANSCRIPTS, TRANSLATIONS, AnyTopic, Topic
from services.transcriber.processor import Transcriber
from services.transcriber.streams import Limits, Streams
from services.translator.chunker import Chunker
from services.translator.clause import Clause, ClausePolicy
from services.translator.processor import TranslationProcessor
from services.translator.sentences import Sentences
from tests.fuzz.source import Source
from tests.fuzz.target import Target
from tests.fuzz.targets.records import read
from tests.unit.transcriber.scripted import ScriptedRecognizer
from tests.unit.translator.fakes import listen, rolling_at_once, workshop

_MOST_RECORDS = 40
_TURNS = 40
_PATIENCE_S = 4


def transcribed(data: bytes) -> None:
    """Frames of two sessions, jumping to and fro, with one recognizer's stream for both."""
    source = Source(data)
    recognizer, limits = ScriptedRecognizer(), Limits(idle_s=60)
    found = _processed(
        _until_spent(_frame, source),
        TRANSCRIPTS,
        source,
        lambda outbox: Transcriber(recognizer, outbox, Streams(1 + source.below(2)), limits),
    )
    ends: dict[str, float] = {}
    indices: Counter[str] = Counter()
    for record in found:
        if isinstance(record, Final):
            assert record.index == indices[record.session_id], "finals are counted without gaps"
            indices[record.session_id] += 1
            for word in record.words:
                assert word.end_ms > ends.get(record.session_id, -1), "no word is said twice"
                ends[record.session_id] = word.end_ms


def translated(data: bytes) -> None:
    """Transcripts of two sessions to listeners in three languages, by either policy."""
    source, audience = Source(data), AudienceView()
    for language in ("pt", "es", "ca"):
        for session_id in ("s1", "s2"):
            listen(audience, language, session_id=session_id)
    shop = workshop(make_chunker=_clauses if source.below(2) else rolling_at_once, audience=audience)
    found = _processed(
        _until_spent(_transcript, source), TRANSLATIONS, source, lambda outbox: TranslationProcessor(outbox, shop)
    )
    indices: Counter[tuple[str, str]] = Counter()
    speechless: list[tuple[str, str, int]] = []
    for record in found:
        if isinstance(record, Caption):
            assert record.index == indices[record.session_id, record.language], "captions are counted without gaps"
            indices[record.session_id, record.language] += 1
            speechless += [(record.session_id, record.language, record.index)] * record.spoken
        elif isinstance(record, Speech):
            speechless.remove((record.session_id, record.language, record.index))


def _clauses(sentences: Sentences, language: str) -> Chunker:
    return Clause(sentences, ClausePolicy(age_ms=0, least_words=2))


def _until_spent(make: Callable[[Source], Record | None], source: Source) -> list[Any]:
    def records() -> Iterator[Record]:
        for _ in range(_MOST_RECORDS):
            if source.spent:
                return
            if (record := make(source)) is not None:
                yield record

    return list(records())


def _frame(source: Source) -> Record | None:
    """Anything that the topic may hold, or mostly what is near the frames before it."""
    if source.below(8) == 7:
        return read(AUDIO, source)
    far = source.below(16) == 15
    first_sample = 16_000 * source.below(65_536) if far else 100 * source.below(256)
    frame = Frame(
        session_id="s1" if source.below(3) else "s2",
        language="xx" if source.below(64) == 63 else "en",
        seq=0,
        first_sample=first_sample,
        captured_at_ms=1e6,
        received_at_ms=1e6,
        pcm=source.below(4).to_bytes(2, "little") * (100 * source.below(8)),
        mark=list(Mark)[source.below(3)] if source.below(16) == 15 else None,
        missing_samples=min(first_sample, 100 * source.below(8)) if source.below(8) == 7 else 0,
    )
    encoded = AUDIO.encode(frame)
    return AUDIO.decode(encoded.value, encoded.headers)


def _transcript(source: Source) -> Record | None:
    record = read(TRANSCRIPTS, source)
    if isinstance(record, Final) and source.below(8) < 7:  # else it may be too old for a lane to begin with
        return msgspec.structs.replace(record, published_at_ms=now_ms())
    return record


def _processed(
    log: list[Record], output: Topic[Any], source: Source, make: Callable[[Outbox], Processor]
) -> list[Record]:
    """What comes of the records, with a takeover somewhere. Only refusals get out, and no fault of ours is hidden."""
    with capture_logs() as logs:
        found = asyncio.run(_lived(log, output, source.below(_MOST_RECORDS), make))
    faults = [entry for entry in logs if entry.get("exc_info") or entry["event"] == "record_failed"]
    assert not faults, faults
    return found


async def _lived(
    log: list[Record], output: AnyTopic, crash_at: int, make: Callable[[Outbox], Processor]
) -> list[Record]:
    published: list[Record] = []
    settled = 0
    for end in (min(crash_at, len(log)), len(log)):
        outbox = Outbox()
        processor = make(outbox)
        await processor.restore(_received(published, output.name))
        try:
            async with asyncio.timeout(_PATIENCE_S):
                for position in range(settled, end):
                    await _handle(processor, Received(log[position], "in", 0, position, now_ms()))
                    await asyncio.sleep(0)
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
            now_settled = processor.settled(end)
            assert settled <= now_settled <= end
            published += [output.decode(one.value, one.headers) for _, one in outbox.take()]
            settled = now_settled
        finally:
            await processor.close()
    return [record for record in published if not isinstance(record, Partial)]


async def _handle(processor: Processor, received: Received[Any]) -> None:
    with contextlib.suppress(RecordRefused):
        await processor.handle(received)


async def _received(records: list[Record], topic: str) -> AsyncIterator[Received[Any]]:
    for offset, record in enumerate(records):
        yield Received(record, topic, 0, offset, now_ms())


_SEEDS = tuple(Random(seed).randbytes(600) for seed in range(8))
TARGETS = (Target("transcribed", transcribed, _SEEDS), Target("translated", translated, _SEEDS))
