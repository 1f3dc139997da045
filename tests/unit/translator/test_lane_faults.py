"""Faults of this program, in a lane or in an adapter: what its listeners are told, and that nobody else notices."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from services.common.audience import AudienceView
from services.common.clock import now_ms
from services.common.contracts import Boundary, Final, Finished, LaneFinished, Stretch, Translation
from services.common.errors import Fatal
from services.common.kafka import DeadLetters
from services.common.topics import Headers
from services.translator import engines
from services.translator.chunker import Chunker, Piece
from services.translator.ports import Clip
from services.translator.rolling import Rolling
from services.translator.sentences import Sentences
from tests.unit.translator.builders import final, words_in, words_of
from tests.unit.translator.fakes import (
    AT_ONCE,
    FakeKafka,
    FakeSynthesizer,
    FakeTranslator,
    listen,
    rolling_at_once,
    workshop,
)

Fault = Callable[[], Exception | None]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_FIRST_PAUSE_S", 0.001)


@pytest.fixture
def audience() -> AudienceView:
    view = AudienceView()
    for session_id in ("s", "other"):
        for language in ("pt", "es"):
            listen(view, language, session_id=session_id)
    return view


def sentence(text: str, start_ms: float, index: int, session_id: str = "s") -> Final:
    return final(
        text,
        start_ms,
        index=index,
        ends=Boundary.PAUSE,
        previous_mark="." if index else None,
        session_id=session_id,
        published_at_ms=now_ms(),
    )


def talk(session_id: str = "s") -> list[Final]:
    texts = ("We met", "We talked", "We left")
    return [sentence(text, 1000.0 * index, index, session_id) for index, text in enumerate(texts)]


def end(session_id: str = "s") -> Finished:
    return Finished(session_id=session_id, language="en", end_ms=1e6)


class Letters(DeadLetters):
    """Remembers what is set aside."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[int, str]] = []

    def take(self, event: str, raw: Any, cause: str, **_: Any) -> None:
        self.taken.append((raw.offset, cause))


class Faulty(Rolling):
    """Fails in one of its methods, at the word "talked"."""

    def __init__(self, sentences: Sentences, where: str, fault: Fault) -> None:
        super().__init__(sentences, AT_ONCE)
        self._where, self._fault = where, fault

    def _may_fail(self, where: str, texts: Sequence[str] = ("talked",)) -> None:
        if where == self._where and "talked" in texts and (fault := self._fault()):
            raise fault

    def _saying(self) -> list[str]:
        head = self._sentences.head
        return [word.text for word in head.uncovered] if head else []

    def hear(self, final: Final) -> None:
        self._may_fail("hear", [word.text for word in final.words])
        super().hear(final)

    def ask(self, now_ms: float) -> str | None:
        self._may_fail("ask", self._saying())
        return super().ask(now_ms)

    def decide(self, now_ms: float, backlog_ms: float) -> Piece | None:
        self._may_fail("decide", self._saying())
        return super().decide(now_ms, backlog_ms)

    def finish(self, previous_mark: Any) -> None:
        self._may_fail("finish")
        super().finish(previous_mark)


def faulty(where: str, fault: Fault) -> Callable[[Sentences, str], Chunker]:
    """In Portuguese."""
    return lambda sentences, language: (
        Faulty(sentences, where, fault) if language == "pt" else rolling_at_once(sentences, language)
    )


async def heard(kafka: FakeKafka) -> None:
    """Two talks at once, word by word, until both are over."""
    await kafka.take_over()
    kafka.log += [final for both in zip(talk(), talk("other"), strict=True) for final in both]
    kafka.log += [end(), end("other")]
    while await kafka.feed():
        pass
    await kafka.until(lambda: len([r for r in kafka.output if type(r).__name__ == "LaneFinished"]) == 4)
    await kafka.until(lambda: kafka.committed == len(kafka.log))
    await kafka.crash()


def assert_whole(kafka: FakeKafka, language: str = "pt", session_id: str = "s") -> None:
    """Every word once and in order, in a caption that says it or is marked."""
    captions = kafka.captions(language, session_id)
    assert words_in(captions) == words_of(talk())
    assert [caption.index for caption in captions] == list(range(len(captions)))
    assert kafka.finishes(language, session_id)[0].segments == len(captions)
    assert all(bool(caption.text) != bool(caption.failed) for caption in captions)
    spoken = [caption.index for caption in captions if caption.spoken]
    assert [speech.index for speech in kafka.speeches(language, session_id)] == spoken


@pytest.mark.parametrize("where", ["hear", "ask", "decide"])
async def test_words_at_which_a_lane_fails_each_time_are_marked_and_set_aside_and_nobody_else_notices(
    where: str, audience: AudienceView
) -> None:
    fails = [True] * 200  # in both talks
    letters = Letters()
    kafka = FakeKafka(
        workshop(audience=audience, make_chunker=faulty(where, lambda: ValueError("a bug") if fails.pop() else None)),
        [],
        dead=letters,
    )
    with capture_logs() as logs:
        await heard(kafka)
    for session_id in ("s", "other"):
        assert_whole(kafka, "pt", session_id)
        assert_whole(kafka, "es", session_id)
        assert not any(caption.failed for caption in kafka.captions("es", session_id))
        failed = [caption for caption in kafka.captions("pt", session_id) if caption.failed]
        assert words_in(failed) == ["We", "talked"]
    assert {(2, "ValueError: a bug"), (3, "ValueError: a bug")} <= set(letters.taken)
    traces = [log["event"] for log in logs if log.get("exc_info")]
    assert traces == ["lane_failed"] * 2  # one a talk, however often it comes


@pytest.mark.parametrize("where", ["hear", "ask", "decide", "finish"])
async def test_a_lane_that_fails_once_says_every_word_all_the_same(where: str, audience: AudienceView) -> None:
    faults = [ValueError("a bug")]
    letters = Letters()
    shop = workshop(audience=audience, make_chunker=faulty(where, lambda: faults.pop() if faults else None))
    kafka = FakeKafka(shop, [], dead=letters)
    await heard(kafka)
    assert faults == []
    for session_id in ("s", "other"):
        assert_whole(kafka, "pt", session_id)
        assert not any(caption.failed for caption in kafka.captions("pt", session_id))
    assert letters.taken == []


async def test_a_mark_that_came_before_a_fault_is_not_forgotten(audience: AudienceView) -> None:
    faults: list[Exception] = []
    shop = workshop(audience=audience, make_chunker=faulty("decide", lambda: faults.pop() if faults else None))
    kafka = FakeKafka(shop, [], dead=Letters())
    await kafka.take_over()
    mark = Final(session_id="s", language="en", index=1, words=(), previous_mark="?", published_at_ms=now_ms())
    kafka.log += [final("Who talked", 0, published_at_ms=now_ms()), mark, end()]
    await kafka.feed()
    faults.append(ValueError("a bug"))
    while await kafka.feed():
        pass
    await kafka.until(lambda: bool(kafka.finishes("pt")))
    await kafka.crash()
    assert faults == []
    assert [caption.text for caption in kafka.captions("pt")] == ["pt:Who pt:talked?"]


async def test_a_lane_that_fails_at_the_end_ends(audience: AudienceView) -> None:
    kafka = FakeKafka(
        workshop(audience=audience, make_chunker=faulty("finish", lambda: ValueError("a bug"))), [], dead=Letters()
    )
    await heard(kafka)
    for language in ("pt", "es"):
        assert_whole(kafka, language)


async def test_an_end_that_could_not_be_published_is_published_by_the_lane_that_begins_anew(
    audience: AudienceView,
) -> None:
    faults = [ValueError("a bug")]

    def traced(record: Translation) -> Headers:
        if isinstance(record, LaneFinished) and faults:
            raise faults.pop()
        return ()

    kafka = FakeKafka(workshop(audience=audience, traced=traced), [], dead=Letters())
    await heard(kafka)
    assert faults == []
    for session_id in ("s", "other"):
        assert_whole(kafka, "pt", session_id)
        assert_whole(kafka, "es", session_id)


async def test_after_a_takeover_words_that_were_passed_over_cost_no_others(audience: AudienceView) -> None:
    """They come again, since the offset wasn't committed, and the lane fails at them again."""
    kafka = FakeKafka(
        workshop(audience=audience, make_chunker=faulty("hear", lambda: ValueError("a bug"))), [], dead=Letters()
    )
    await kafka.take_over()
    kafka.log += talk()
    await kafka.feed()
    await kafka.feed()
    for _ in range(2000):
        kafka.commit(settle=False)
        if len(kafka.captions("pt")) == 2 and len(kafka.speeches("pt")) == 1:
            break
        await kafka.until(lambda: True)
    await kafka.crash()
    await kafka.take_over()
    kafka.log.append(end())
    await kafka.run_to_end()
    await kafka.crash()
    assert_whole(kafka)
    assert [caption.failed for caption in kafka.captions("pt")] == [None, "translation failed", None]


async def test_what_is_missing_stays_in_its_place_when_a_lane_fails(audience: AudienceView) -> None:
    faults = [ValueError("a bug")]
    shop = workshop(audience=audience, make_chunker=faulty("ask", lambda: faults.pop() if faults else None))
    kafka = FakeKafka(shop, [], dead=Letters())
    await kafka.take_over()
    met, _, left = talk()
    gap = Final(session_id="s", language="en", index=1, words=(), missing=Stretch(600, 1000), published_at_ms=now_ms())
    left = sentence("We left", 2000, 3)
    kafka.log += [met, gap, sentence("We talked", 1000, 2), left, end()]
    await kafka.run_to_end()
    await kafka.crash()
    assert faults == []
    captions = kafka.captions("pt")
    assert words_in(captions) == words_of(talk())
    assert [(one.start_ms, one.missing_ms) for one in captions if one.missing_ms] == [(600, 400)]
    assert [one.end_ms for one in captions] == sorted(one.end_ms for one in captions)


@pytest.mark.parametrize("engine", ["translation", "speech"])
@pytest.mark.parametrize("times", [1, 100])
async def test_an_adapter_s_fault_is_tried_once_more_and_then_marked(
    engine: str, times: int, audience: AudienceView
) -> None:
    def failing() -> Iterator[Exception]:
        yield from (RuntimeError("a bug") for _ in range(times))

    faults = failing()

    def fail(text: str) -> Exception | None:
        return next(faults, None) if "talked" in text else None

    translator = FakeTranslator(fail=fail) if engine == "translation" else FakeTranslator()
    synthesizer = FakeSynthesizer(fail=fail) if engine == "speech" else FakeSynthesizer()
    kafka = FakeKafka(workshop(translator, synthesizer, audience=audience), [], dead=Letters())
    await kafka.take_over()
    kafka.log += [*talk(), end()]
    for _ in kafka.log:
        await kafka.feed()
    await kafka.until(lambda: len(kafka.finishes("pt")) == len(kafka.finishes("es")) == 1, turns=200_000)
    await kafka.crash()
    assert_whole(kafka)
    captions, speeches = kafka.captions("pt"), kafka.speeches("pt")
    if times == 1:
        assert not [one for one in captions if one.failed]
        assert not [one for one in speeches if one.failed]
    elif engine == "translation":
        assert [one.failed for one in captions] == [None, "translation rejected", None]
    else:
        assert [one.failed for one in speeches] == [None, "speech rejected", None]
        assert [one.failed for one in captions] == [None] * 3


async def test_a_clip_that_makes_no_sense_costs_its_speech_and_no_caption(audience: AudienceView) -> None:
    class Confused(FakeSynthesizer):
        async def synthesize(self, text: str, language: str, rate: float) -> Clip:
            clip = await super().synthesize(text, language, rate)
            wrong: Any = None
            return msgspec.structs.replace(clip, duration_ms=wrong) if "talked" in text else clip

    kafka = FakeKafka(workshop(synthesizer=Confused(), audience=audience), [], dead=Letters())
    await heard(kafka)
    assert_whole(kafka)
    assert [one.failed for one in kafka.speeches("pt")] == [None, "speech failed", None]
    assert not [one for one in kafka.captions("pt") if one.failed]


@pytest.mark.parametrize("fault", [MemoryError(), Fatal("stuck")])
async def test_what_no_lane_can_go_on_after_ends_the_process(fault: Exception, audience: AudienceView) -> None:
    kafka = FakeKafka(workshop(FakeTranslator(fail=lambda text: fault), audience=audience), [])
    await kafka.take_over()
    kafka.log += talk()
    await kafka.feed()
    with pytest.raises(BaseExceptionGroup) as raised:
        await kafka.until(lambda: False)
    assert raised.group_contains(type(fault))
    await kafka.crash()
