"""Lanes over fake engines: who gets what, in which order, when engines fail and listeners come and go."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace

import msgspec
import pytest
from structlog.testing import capture_logs

from services.cli.clients.connection import GIVE_UP_S
from services.common import clock, stages
from services.common.audience import LINGER_MS, AudienceView
from services.common.clock import now_ms
from services.common.contracts import SHED, Boundary, Final, Finished, LaneFinished, Speech, Stretch
from services.common.errors import EngineRejected, EngineUnavailable, Overloaded
from services.translator.engines import Deadlines
from services.translator.ports import Clip
from services.translator.rolling import Rolling, RollingPolicy
from services.translator.session import Workshop
from tests.unit.translator.builders import final, words_in, words_of
from tests.unit.translator.fakes import FakeKafka, FakeStore, FakeSynthesizer, FakeTranslator, listen, workshop

END = Finished(session_id="s", language="en", end_ms=1e6)


def sentence(text: str, start_ms: float, index: int = 0, session_id: str = "s") -> Final:
    return final(
        text,
        start_ms,
        index=index,
        ends=Boundary.PAUSE,
        previous_mark="." if index else None,
        session_id=session_id,
        published_at_ms=now_ms(),
    )


TALK: list[Final] = []


@pytest.fixture(autouse=True)
def _spoken_just_now() -> None:
    """Said anew for each test: a lane doesn't begin with what was said minutes ago, however long the run takes."""
    TALK[:] = [sentence("We met", 0), sentence("We talked", 1000, 1), sentence("We left", 2000, 2)]


class Running:
    """A partition with its processor; ends with the test."""

    def __init__(self, shop: Workshop) -> None:
        self.kafka = FakeKafka(shop, [])

    async def feed(self, *records: Final | Finished) -> None:
        self.kafka.log.extend(records)
        for _ in records:
            await self.kafka.feed()

    async def until(self, done: Callable[[], bool]) -> None:
        await self.kafka.until(done)

    def texts(self, language: str, session_id: str = "s") -> list[str]:
        return [caption.text for caption in self.kafka.captions(language, session_id)]


Start = Callable[[Workshop], Awaitable[Running]]


@pytest.fixture
async def run() -> AsyncIterator[Start]:
    started: list[Running] = []

    async def start(shop: Workshop) -> Running:
        running = Running(shop)
        started.append(running)
        await running.kafka.take_over()
        return running

    yield start
    for running in started:
        await running.kafka.crash()


@pytest.fixture
def audience() -> AudienceView:
    return AudienceView()


async def test_caption_comes_first_then_speech_whose_clip_is_stored(run: Start, audience: AudienceView) -> None:
    store = FakeStore()
    running = await run(workshop(store=store, audience=audience))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    kinds = [(type(record).__name__, getattr(record, "index", None)) for record in running.kafka.output]
    for index in range(3):
        assert kinds.index(("Caption", index)) < kinds.index(("Speech", index))
    assert [speech.index for speech in running.kafka.speeches("pt")] == [0, 1, 2]
    for speech in running.kafka.speeches("pt"):
        assert speech.key is not None
        assert speech.key.startswith(f"s/pt/{speech.index:06d}-")
        assert speech.key.endswith(".flac")
        assert store.clips[speech.key].duration_ms == speech.duration_ms


async def test_records_tell_every_stage_of_their_lag(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: bool(running.kafka.speeches("pt")))
    (speech,) = running.kafka.speeches("pt")
    assert {
        stages.TRANSCRIPTS_TOPIC,
        stages.DECIDE,
        stages.TRANSLATE,
        stages.SYNTHESIZE,
        stages.STORE,
    } <= speech.stages.keys()
    whole = sum(speech.stages.values())
    assert whole == pytest.approx(speech.published_at_ms - TALK[0].published_at_ms, abs=1)


async def test_without_listeners_nothing_is_translated_and_everything_is_settled(run: Start) -> None:
    translator = FakeTranslator()
    running = await run(workshop(translator))
    await running.feed(*TALK, END)
    running.kafka.commit()
    assert running.kafka.committed == 4
    assert translator.asked == []


async def test_a_language_that_is_offered_and_not_installed_is_said_so_once_and_all_its_captions_are_marked(
    run: Start, audience: AudienceView
) -> None:
    def fail(text: str) -> Exception | None:
        return EngineRejected("no translation from en to gl")

    running = await run(workshop(FakeTranslator(fail=fail), audience=audience))
    listen(audience, "gl")
    with capture_logs() as logs:
        await running.feed(*TALK, END)
        await running.until(lambda: bool(running.kafka.finishes("gl")))
    captions = running.kafka.captions("gl")
    assert [caption.failed for caption in captions] == ["translation rejected"] * 3
    assert words_in(captions) == words_of(TALK)
    assert [entry["language"] for entry in logs if entry["event"] == "language_not_translated"] == ["gl"]


async def test_the_spoken_language_needs_no_lane(run: Start, audience: AudienceView) -> None:
    translator = FakeTranslator()
    running = await run(workshop(translator, audience=audience))
    listen(audience, "en")
    await running.feed(*TALK, END)
    running.kafka.commit()
    assert running.kafka.committed == 4
    assert translator.asked == []


async def test_a_language_that_nobody_knows_is_ignored(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "xx")
    await running.feed(*TALK)
    running.kafka.commit()
    assert running.kafka.committed == 3


async def test_readers_get_captions_without_speech(run: Start, audience: AudienceView) -> None:
    synthesizer = FakeSynthesizer()
    running = await run(workshop(synthesizer=synthesizer, audience=audience))
    listen(audience, "pt", listeners=5, hearing=0)
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [caption.spoken for caption in running.kafka.captions("pt")] == [False] * 3
    assert synthesizer.rates == []


async def test_a_translation_that_fails_is_marked_and_never_another_language(
    run: Start, audience: AudienceView
) -> None:
    def fail(text: str) -> Exception | None:
        return EngineRejected("no") if "talked" in text else None

    running = await run(workshop(FakeTranslator(fail=fail), audience=audience))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    captions = running.kafka.captions("pt")
    assert [caption.failed for caption in captions] == [None, "translation rejected", None]
    assert captions[1].text == ""
    assert [speech.index for speech in running.kafka.speeches("pt")] == [0, 2]
    assert words_in(captions) == words_of(TALK)


async def test_a_voice_that_fails_is_said_so_and_the_next_segment_is_spoken(run: Start, audience: AudienceView) -> None:
    def fail(text: str) -> Exception | None:
        return EngineRejected("no") if "talked" in text else None

    running = await run(workshop(synthesizer=FakeSynthesizer(fail=fail), audience=audience))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    speeches = running.kafka.speeches("pt")
    assert [bool(speech.key) for speech in speeches] == [True, False, True]
    assert [speech.failed for speech in speeches] == [None, "speech rejected", None]
    assert speeches[1].duration_ms == 0


async def test_where_the_voice_s_quota_is_used_up_captions_go_on_and_each_says_that_it_is_not_spoken(
    run: Start, audience: AudienceView
) -> None:
    synthesizer = FakeSynthesizer(fail=lambda text: Overloaded("polly: quota used up"))
    running = await run(workshop(synthesizer=synthesizer, audience=audience))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [caption.failed for caption in running.kafka.captions("pt")] == [None] * 3
    assert words_in(running.kafka.captions("pt")) == words_of(TALK)
    assert [(one.failed, one.key) for one in running.kafka.speeches("pt")] == [("speech unavailable", None)] * 3
    assert len(synthesizer.rates) == 3


async def test_an_engine_that_is_away_for_a_moment_is_asked_again(run: Start, audience: AudienceView) -> None:
    faults: list[Exception | None] = [EngineUnavailable("busy"), EngineUnavailable("busy")]
    translator = FakeTranslator(fail=lambda text: faults.pop() if faults else None)
    running = await run(workshop(translator, audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    async with asyncio.timeout(10):
        while not running.kafka.captions("pt"):
            await asyncio.sleep(0.01)
            running.kafka.commit()
    assert running.texts("pt") == ["pt:We pt:met"]


async def test_a_stuck_engine_holds_up_no_other_session(run: Start, audience: AudienceView) -> None:
    class Stuck(FakeTranslator):
        async def translate(self, text: str, source: str, target: str) -> str:
            if "met" in text:
                await asyncio.Event().wait()
            return await super().translate(text, source, target)

    running = await run(workshop(Stuck(), audience=audience, deadlines=Deadlines(translate_s=3600)))
    listen(audience, "pt")
    listen(audience, "pt", session_id="other")
    await running.feed(*TALK, sentence("All is well", 0, session_id="other"))
    await running.until(lambda: running.texts("pt", "other") == ["pt:All pt:is pt:well"])
    assert running.texts("pt") == []
    assert running.kafka.committed == 0


async def test_translation_goes_on_while_a_clip_is_being_made(run: Start, audience: AudienceView) -> None:
    class Stuck(FakeSynthesizer):
        async def synthesize(self, text, language, rate):  # type: ignore[no-untyped-def]
            await asyncio.Event().wait()

    running = await run(
        workshop(synthesizer=Stuck(), audience=audience, most_clips_waiting=2, deadlines=Deadlines(synthesize_s=3600))
    )
    listen(audience, "pt")
    await running.feed(*TALK)
    await running.until(lambda: len(running.kafka.captions("pt")) == 3)
    assert [caption.spoken for caption in running.kafka.captions("pt")] == [True, True, False]
    assert running.kafka.speeches("pt") == []
    assert running.kafka.committed == 0  # not settled before its speech is out


async def test_speech_that_would_come_too_late_is_not_made(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience, shed_backlog_ms=300))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    captions = running.kafka.captions("pt")
    spoken = [caption.spoken for caption in captions]
    assert spoken[0]
    assert not all(spoken)
    assert [caption.unspoken for caption in captions] == [None if is_spoken else SHED for is_spoken in spoken]
    assert len(running.kafka.speeches("pt")) == spoken.count(True)


@pytest.mark.parametrize("back", [True, False])
async def test_what_is_said_while_the_only_listeners_connect_again_is_spoken(
    run: Start, audience: AudienceView, back: bool
) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    listen(audience, "pt", listeners=0)
    await running.feed(TALK[1])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 2)
    listen(audience, "pt", hearing=1 if back else 0)
    await running.feed(TALK[2], END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [speech.index for speech in running.kafka.speeches("pt")] == [0, 1, 2]


async def test_what_is_said_while_the_only_listeners_connect_again_is_spoken_after_a_takeover_too(
    run: Start, audience: AudienceView
) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    await running.kafka.crash()
    running.kafka.shop = workshop(audience=(anew := AudienceView()))
    listen(anew, "pt", listeners=0)  # all that is left of them where the topic was compacted
    await running.kafka.take_over()
    running.kafka.log += [TALK[1], END]
    while await running.kafka.feed():
        pass
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [speech.index for speech in running.kafka.speeches("pt")] == [0, 1]


async def test_once_nobody_can_come_back_for_speech_those_who_read_on_cost_no_voice(
    run: Start, audience: AudienceView
) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt", listeners=2, hearing=1)
    listen(audience, "pt", listeners=1, hearing=0, at_ms=now_ms() - LINGER_MS)
    listen(audience, "pt", listeners=1, hearing=0)
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [(one.spoken, one.unspoken) for one in running.kafka.captions("pt")] == [(False, None)] * 3


async def test_speech_gets_faster_behind_a_backlog(run: Start, audience: AudienceView) -> None:
    synthesizer = FakeSynthesizer()
    running = await run(workshop(synthesizer=synthesizer, audience=audience))
    listen(audience, "pt")
    await running.feed(*(sentence("We have a lot", 3000.0 * place, place) for place in range(6)))
    await running.until(lambda: len(running.kafka.speeches("pt")) == 6)
    assert synthesizer.rates[0] == 1
    assert synthesizer.rates[-1] > 1.3


async def test_a_new_listener_gets_the_open_sentence_from_its_beginning(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    await running.feed(
        TALK[0],
        final("We left. And then", 1000, index=1, previous_mark=".", published_at_ms=now_ms()),
        final("it rained", 2300, index=2, previous_mark="", ends=Boundary.PAUSE, published_at_ms=now_ms()),
    )
    listen(audience, "pt")
    await running.until(lambda: bool(running.texts("pt")))
    assert words_in(running.kafka.captions("pt")) == ["And", "then", "it", "rained"]


async def test_a_lane_stops_after_what_was_said_and_goes_on_for_a_new_listener(
    run: Start, audience: AudienceView
) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    listen(audience, "pt", listeners=0, at_ms=now_ms() - LINGER_MS)
    await running.feed(TALK[1])
    await running.until(lambda: running.kafka.committed == 2)
    listen(audience, "pt")
    await running.feed(TALK[2], END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    captions = running.kafka.captions("pt")
    assert [caption.index for caption in captions] == list(range(len(captions)))
    assert len(set(words_in(captions)) - {"We"}) == len(words_in(captions)) - words_in(captions).count("We")
    assert words_in(captions)[-2:] == ["We", "left"]


async def test_replayed_finals_from_before_a_listener_came_are_not_said(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    hour_ago = now_ms() - 3_600_000
    await running.feed(final("Long ago", ends=Boundary.PAUSE, published_at_ms=hour_ago), sentence("Just now", 9000, 1))
    await running.until(lambda: bool(running.texts("pt")))
    assert words_in(running.kafka.captions("pt"))[-2:] == ["Just", "now"]


async def test_all_that_was_said_while_no_translator_ran_is_said_to_who_listened_meanwhile_and_nothing_older(
    run: Start, audience: AudienceView
) -> None:
    now, minute = now_ms(), 60_000.0
    for minutes in (10, 7, 4, 1):  # as a notifier's counts lie on their topic
        listen(audience, "pt", at_ms=now - minutes * minute)
    talk = [
        final(
            f"W{place}a W{place}b W{place}c",
            3000.0 * place,
            index=place,
            previous_mark="." if place else None,
            ends=Boundary.PAUSE,
            published_at_ms=now - minutes * minute,
        )
        for place, minutes in enumerate((14, 9, 5, 3, 1))
    ]
    running = await run(workshop(audience=audience))
    await running.feed(*talk, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert words_in(running.kafka.captions("pt")) == words_of(talk[1:])


async def test_who_comes_back_as_late_as_clients_do_misses_nothing(run: Start) -> None:
    now = [1e9]
    audience = AudienceView(lambda: now[0])
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    listen(audience, "pt", listeners=0)
    now[0] += GIVE_UP_S * 1000
    await running.feed(TALK[1])
    running.kafka.commit()
    listen(audience, "pt")
    await running.feed(TALK[2], END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert words_in(running.kafka.captions("pt")) == words_of(TALK)
    assert len(running.kafka.speeches("pt")) == len(running.kafka.captions("pt"))


async def test_after_a_takeover_missing_speech_is_made_before_anything_else(run: Start, audience: AudienceView) -> None:
    store = FakeStore()

    class Stuck(FakeSynthesizer):
        async def synthesize(self, text, language, rate):  # type: ignore[no-untyped-def]
            await asyncio.Event().wait()

    stuck = await run(workshop(synthesizer=Stuck(), audience=audience))
    listen(audience, "pt")
    await stuck.feed(*TALK)
    await stuck.until(lambda: len(stuck.kafka.captions("pt")) == 3)
    await stuck.kafka.crash()
    stuck.kafka.shop = workshop(store=store, audience=audience)
    await stuck.kafka.take_over()
    await stuck.until(lambda: len(stuck.kafka.speeches("pt")) == 3)
    assert [speech.index for speech in stuck.kafka.speeches("pt")] == [0, 1, 2]
    assert len(store.clips) == 3


async def test_who_lost_the_partition_and_still_reaches_the_store_can_not_change_a_clip_that_was_announced(
    run: Start, audience: AudienceView
) -> None:
    store, may_store = FakeStore(), asyncio.Event()

    class Late(FakeStore):
        async def put(self, key: str, clip: Clip) -> None:
            await may_store.wait()
            await store.put(key, clip)

    class Slower(FakeSynthesizer):
        async def synthesize(self, text: str, language: str, rate: float) -> Clip:
            return msgspec.structs.replace(await super().synthesize(text, language, rate), audio=b"slower")

    listen(audience, "pt")
    fenced = await run(workshop(store=Late(), synthesizer=Slower(), audience=audience))
    await fenced.feed(TALK[0])
    await fenced.until(lambda: len(fenced.kafka.captions("pt")) == 1)
    successor = await run(workshop(store=store, audience=audience))
    await successor.feed(TALK[0])
    await successor.until(lambda: len(successor.kafka.speeches("pt")) == 1)
    may_store.set()
    await fenced.until(lambda: len(store.clips) == 2)
    (announced,) = successor.kafka.speeches("pt")
    assert announced.key is not None
    assert store.clips[announced.key].audio == announced.text.encode()


async def test_after_a_takeover_the_open_sentence_is_translated_as_a_whole(run: Start, audience: AudienceView) -> None:
    translator = FakeTranslator()
    running = await run(workshop(translator, audience=audience))
    listen(audience, "pt")
    await running.feed(sentence("We met in", 0))
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    await running.kafka.crash()
    await running.kafka.take_over()
    while await running.kafka.feed():
        pass
    await running.feed(final("the park", 900, index=1, previous_mark="", ends=Boundary.PAUSE, published_at_ms=now_ms()))
    await running.until(lambda: len(running.texts("pt")) == 2)
    assert translator.asked[-1] == "We met in the park"
    assert running.texts("pt") == ["pt:We pt:met pt:in", "pt:the pt:park"]


async def test_after_a_takeover_the_next_caption_still_brings_the_mark(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    await running.feed(final("", index=1, previous_mark="?", published_at_ms=now_ms()))
    running.kafka.commit()
    await running.kafka.crash()
    await running.kafka.take_over()
    while await running.kafka.feed():
        pass
    await running.feed(sentence("We left", 2000, 2))
    await running.until(lambda: len(running.texts("pt")) == 2)
    assert [caption.previous_mark for caption in running.kafka.captions("pt")] == ["", "?"]


async def test_the_end_is_told_to_languages_whose_listeners_have_left(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    listen(audience, "pt", listeners=0, at_ms=now_ms() - LINGER_MS)
    await running.until(lambda: running.kafka.committed == 1)
    await running.feed(END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert running.kafka.finishes("pt")[0].segments == 1


async def test_what_comes_after_the_end_of_a_session_is_passed_over(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    await running.feed(sentence("We came back", 9000, 3), END)
    await running.until(lambda: running.kafka.committed == 6)
    assert words_in(running.kafka.captions("pt")) == words_of(TALK)
    assert len(running.kafka.finishes("pt")) == 1


async def test_speech_is_published_once_even_if_the_end_comes_twice(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    running.kafka.committed = 0
    await running.kafka.crash()
    await running.kafka.take_over()
    await running.kafka.run_to_end()
    assert len([record for record in running.kafka.output if isinstance(record, Speech)]) == 3
    assert len(running.kafka.finishes("pt")) == 1


HOUR_S = 3_600.0


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S])
async def test_speech_goes_on_when_the_wall_clock_is_set(
    run: Start, audience: AudienceView, monkeypatch: pytest.MonkeyPatch, step_s: float
) -> None:
    running = await run(workshop(audience=audience, shed_backlog_ms=20_000))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    monkeypatch.setattr(clock, "time", SimpleNamespace(time=lambda: time.time() + step_s, monotonic=time.monotonic))
    await running.feed(sentence("We talked", 1000, 1))
    await running.until(lambda: len(running.kafka.captions("pt")) == 2)
    audience.expire()
    await running.feed(sentence("We left", 2000, 2), END)
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [caption.spoken for caption in running.kafka.captions("pt")] == [True] * 3


async def test_a_takeover_from_one_whose_clock_was_ahead_sheds_nothing(run: Start, audience: AudienceView) -> None:
    running = await run(workshop(audience=audience, shed_backlog_ms=20_000))
    listen(audience, "pt")
    await running.feed(TALK[0])
    await running.until(lambda: len(running.kafka.speeches("pt")) == 1)
    await running.kafka.crash()
    running.kafka.output = [
        msgspec.structs.replace(record, published_at_ms=record.published_at_ms + HOUR_S * 1000)
        for record in running.kafka.output
        if not isinstance(record, LaneFinished)
    ]
    await running.kafka.take_over()
    running.kafka.log += [sentence("We talked", 1000, 1), END]
    while await running.kafka.feed():
        pass
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [caption.spoken for caption in running.kafka.captions("pt")] == [True] * 2


async def test_words_from_a_speaker_whose_clock_is_ahead_wait_no_longer_than_others(
    run: Start, audience: AudienceView
) -> None:
    policy = RollingPolicy(force_ms=50, least_words=1)
    running = await run(workshop(audience=audience, make_chunker=lambda sentences, _: Rolling(sentences, policy)))
    listen(audience, "pt")
    ahead = final("We met in the park", published_at_ms=now_ms())
    await running.feed(msgspec.structs.replace(ahead, floor_epoch_ms=now_ms() + HOUR_S * 1000))
    async with asyncio.timeout(10):
        while not running.kafka.captions("pt"):
            await asyncio.sleep(0.01)
            running.kafka.commit()


async def test_clips_that_can_not_be_stored_in_time_are_told_one_by_one_and_no_word_is_missing(
    run: Start, audience: AudienceView
) -> None:
    class Away(FakeStore):
        async def put(self, key: str, clip: Clip) -> None:
            if "000002" not in key:
                raise EngineUnavailable("no answer")
            await super().put(key, clip)

    running = await run(workshop(store=Away(), audience=audience, deadlines=Deadlines(store_s=0.05)))
    listen(audience, "pt")
    await running.feed(*TALK, END)
    async with asyncio.timeout(10):
        while not running.kafka.finishes("pt"):
            await asyncio.sleep(0.01)
            running.kafka.commit()
    captions = running.kafka.captions("pt")
    assert [caption.spoken for caption in captions] == [True] * 3
    assert words_in(captions) == words_of(TALK)
    told = [(speech.index, bool(speech.key), speech.failed) for speech in running.kafka.speeches("pt")]
    assert told == [(0, False, "speech unavailable"), (1, False, "speech unavailable"), (2, True, None)]


def missing(start_ms: float, end_ms: float, index: int) -> Final:
    return Final(
        session_id="s",
        language="en",
        index=index,
        words=(),
        missing=Stretch(start_ms, end_ms),
        published_at_ms=now_ms(),
    )


async def test_what_is_missing_is_a_caption_of_its_own_between_those_around_it(
    run: Start, audience: AudienceView
) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    open_ended = final("We met and then", 0, published_at_ms=now_ms())
    await running.feed(
        open_ended, missing(1200, 5200, 1), final("we left", 5200, index=2, published_at_ms=now_ms()), END
    )
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    captions = running.kafka.captions("pt")
    told = [place for place, caption in enumerate(captions) if caption.missing_ms]
    assert [(captions[at].start_ms, captions[at].end_ms, captions[at].missing_ms) for at in told] == [
        (1200, 5200, 4000)
    ]
    assert all(captions[at].failed and not captions[at].text and not captions[at].spoken for at in told)
    assert words_in(captions[: told[0]]) == ["We", "met", "and", "then"]
    assert words_in(captions[told[0] + 1 :]) == ["we", "left"]
    assert [caption.index for caption in captions] == list(range(len(captions)))


async def test_two_that_are_missing_are_told_in_order_and_so_is_one_at_the_end(
    run: Start, audience: AudienceView
) -> None:
    running = await run(workshop(audience=audience))
    listen(audience, "pt")
    await running.feed(
        missing(0, 500, 0), missing(700, 900, 1), sentence("We left", 1000, 2), missing(2000, 3000, 3), END
    )
    await running.until(lambda: bool(running.kafka.finishes("pt")))
    assert [caption.missing_ms for caption in running.kafka.captions("pt")] == [500, 200, 0, 1000]
