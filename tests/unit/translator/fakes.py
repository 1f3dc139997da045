"""Engines that work at once, word by word, and a Kafka that keeps only what was committed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from services.common.audience import AudienceView
from services.common.clock import now_ms, steady_ms
from services.common.contracts import Audience, Caption, LaneFinished, Speech, Transcript, Translation
from services.common.kafka import DeadLetters, Outbox, Received
from services.common.topics import TRANSCRIPTS, TRANSLATIONS, Headers
from services.translator.chunker import Chunker
from services.translator.engines import Deadlines, Engines
from services.translator.lane import LanePolicy
from services.translator.playhead import Pace
from services.translator.ports import Clip
from services.translator.processor import TranslationProcessor
from services.translator.rolling import Rolling, RollingPolicy
from services.translator.sentences import Sentences
from services.translator.session import MakeChunker, Workshop, untraced

AT_ONCE = RollingPolicy(just_in_time_ms=1e12, force_ms=0, playing_out_ms=1e12, least_words=2)
"""Says whatever can be said, whatever the time."""


@dataclass
class FakeTranslator:
    """``W1.`` becomes ``es:W1.``; ``turns`` is how often it lets other tasks run."""

    turns: int = 1
    fail: Callable[[str], Exception | None] = lambda text: None
    asked: list[str] = field(default_factory=list)

    async def translate(self, text: str, source: str, target: str) -> str:
        self.asked.append(text)
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if fault := self.fail(text):
            raise fault
        return " ".join(f"{target}:{word}" for word in text.split())

    def targets(self, source: str) -> frozenset[str]:
        return frozenset({"pt", "es", "ca"})


@dataclass
class FakeSynthesizer:
    """A clip of 0.06 s a letter at rate 1; no voice for Catalan."""

    turns: int = 1
    fail: Callable[[str], Exception | None] = lambda text: None
    rates: list[float] = field(default_factory=list)

    async def synthesize(self, text: str, language: str, rate: float) -> Clip:
        self.rates.append(rate)
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if fault := self.fail(text):
            raise fault
        return Clip(audio=text.encode(), content_type="audio/flac", extension="flac", duration_ms=60 * len(text) / rate)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"pt", "es"})


@dataclass
class FakeStore:
    """Keeps clips in a dict."""

    clips: dict[str, Clip] = field(default_factory=dict)

    async def put(self, key: str, clip: Clip) -> None:
        await asyncio.sleep(0)
        self.clips[key] = clip


def rolling_at_once(sentences: Sentences, language: str) -> Chunker:
    return Rolling(sentences, AT_ONCE)


def workshop(
    translator: FakeTranslator | None = None,
    synthesizer: FakeSynthesizer | None = None,
    store: FakeStore | None = None,
    make_chunker: MakeChunker = rolling_at_once,
    audience: AudienceView | None = None,
    shed_backlog_ms: float = 1e12,
    most_clips_waiting: int = 1000,
    deadlines: Deadlines | None = None,
    traced: Callable[[Translation], Headers] = untraced,
    clock: Callable[[], float] = steady_ms,
) -> Workshop:
    """Fakes for what isn't given."""
    return Workshop(
        engines=Engines(
            translator or FakeTranslator(),
            synthesizer or FakeSynthesizer(),
            store or FakeStore(),
            deadlines or Deadlines(),
        ),
        make_chunker=make_chunker,
        policy=LanePolicy(Pace(), shed_backlog_ms, most_clips_waiting),
        audience=audience or AudienceView(clock),
        clock=clock,
        traced=traced,
    )


def listen(
    view: AudienceView,
    language: str,
    listeners: int = 1,
    hearing: int | None = None,
    session_id: str = "s",
    at_ms: float | None = None,
) -> None:
    """So many listen to the language from now on."""
    view.apply(
        Audience(
            session_id=session_id,
            language=language,
            notifier_id="1",
            listeners=listeners,
            hearing=listeners if hearing is None else hearing,
            at_ms=now_ms() if at_ms is None else at_ms,
        )
    )


@dataclass
class FakeKafka:
    """One partition: an input log, and output that counts once it is committed with an input offset."""

    shop: Workshop
    log: list[Transcript]
    output: list[Translation] = field(default_factory=list)
    committed: int = 0
    dead: DeadLetters = field(default_factory=DeadLetters)

    async def take_over(self) -> None:
        """A new process is given the partition; what the old one did not commit is gone."""
        self.outbox = Outbox(self.dead)
        self.processor = TranslationProcessor(self.outbox, self.shop)
        await self.processor.restore(self._tail())
        self.position = self.committed

    async def crash(self) -> None:
        """The process dies here and now."""
        await self.processor.close()

    async def feed(self) -> bool:
        """Hand over the next record, if there is one."""
        if self.position >= len(self.log):
            return False
        record = self.log[self.position]
        await self.processor.handle(Received(record, TRANSCRIPTS.name, 0, self.position, now_ms()))
        self.position += 1
        return True

    def commit(self, settle: bool = True) -> None:
        """One transaction; offsets need not be in every one."""
        settled = self.processor.settled(self.position)
        for _, encoded in self.outbox.take():
            self.output.append(TRANSLATIONS.decode(encoded.value, encoded.headers))
        if settle:
            self.committed = max(self.committed, settled)

    async def until(self, done: Callable[[], bool], turns: int = 20_000) -> None:
        """Let tasks run, committing as they go, until this holds."""
        for _ in range(turns):
            self.commit()
            if done():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"still not so after {turns} turns: {self.output[-3:]}")

    async def run_to_end(self) -> None:
        """Feed everything, then wait until nothing is left to do."""
        for _ in range(self.position, len(self.log)):
            await self.feed()
            await asyncio.sleep(0)
        await self.until(lambda: self.committed == len(self.log))

    def captions(self, language: str, session_id: str = "s") -> list[Caption]:
        return [r for r in self._of(language, session_id) if isinstance(r, Caption)]

    def speeches(self, language: str, session_id: str = "s") -> list[Speech]:
        return [r for r in self._of(language, session_id) if isinstance(r, Speech)]

    def finishes(self, language: str, session_id: str = "s") -> list[LaneFinished]:
        return [r for r in self._of(language, session_id) if isinstance(r, LaneFinished)]

    def _of(self, language: str, session_id: str) -> Sequence[Translation]:
        return [r for r in self.output if r.language == language and r.session_id == session_id]

    async def _tail(self) -> AsyncIterator[Received[Translation]]:
        for offset, record in enumerate(self.output):
            yield Received(record, TRANSLATIONS.name, 0, offset, now_ms())
