"""The processor dies, or a lane fails, at any point, any number of times: nothing is lost, nothing is said twice."""

import asyncio
from collections.abc import Callable
from itertools import count, pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.common.audience import AudienceView
from services.common.clock import now_ms
from services.common.contracts import Final, Finished, Word
from services.translator.chunker import Chunker
from services.translator.clause import Clause, ClausePolicy
from services.translator.sentences import Sentences
from services.translator.session import MakeChunker
from tests.often import often
from tests.unit.translator.builders import final, talks, words_in, words_of
from tests.unit.translator.fakes import (
    FakeKafka,
    FakeStore,
    FakeSynthesizer,
    FakeTranslator,
    listen,
    rolling_at_once,
    workshop,
)


def clause_at_once(sentences: Sentences, language: str) -> Chunker:
    return Clause(sentences, ClausePolicy(age_ms=0, least_words=2))


STEPS = st.lists(st.sampled_from(["feed", "feed", "feed", "turn", "turn", "commit", "publish", "crash"]), max_size=80)


@pytest.mark.parametrize("make_chunker", [rolling_at_once, clause_at_once])
@given(
    talk=talks(gaps=True),
    other=talks(session_id="other", gaps=True),
    steps=STEPS,
    turns=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
@settings(max_examples=often(150))
def test_after_any_crashes_every_word_is_in_one_segment_and_every_spoken_caption_has_one_speech(
    make_chunker: object, talk: list[Final], other: list[Final], steps: list[str], turns: tuple[int, int]
) -> None:
    asyncio.run(_live_through(make_chunker, just_now(talk), just_now(other), steps, turns))


@pytest.mark.parametrize("make_chunker", [rolling_at_once, clause_at_once])
@given(
    talk=talks(gaps=True),
    other=talks(session_id="other", gaps=True),
    steps=STEPS,
    once=st.sets(st.integers(0, 120), max_size=12),
    always=st.sets(st.integers(0, 15), max_size=2),
)
@settings(max_examples=often(60))
def test_whatever_a_lane_fails_at_every_word_is_in_one_segment_that_says_it_or_is_marked(
    make_chunker: MakeChunker,
    talk: list[Final],
    other: list[Final],
    steps: list[str],
    once: set[int],
    always: set[int],
) -> None:
    """once: numbers of calls that fail; always: of words that can't be heard."""
    calls = count()

    def may_fail(words: tuple[Word, ...]) -> None:
        if next(calls) in once or {word.text.rstrip(",.") for word in words} & {f"W{number}" for number in always}:
            raise ValueError("a bug")

    def make(sentences: Sentences, language: str) -> Chunker:
        chunker = make_chunker(sentences, language)
        failing: Any = chunker  # of this one alone
        for name in ("hear", "finish", "ask", "give", "decide"):
            failing.__dict__[name] = _failing(getattr(chunker, name), may_fail)
        return chunker

    with capture_logs():  # a trace takes longer than all else
        asyncio.run(_live_through(make, just_now(talk), just_now(other), steps, (1, 1)))


def _failing(method: Callable[..., Any], may_fail: Callable[[tuple[Word, ...]], None]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        may_fail(arguments[0].words if isinstance(arguments[0], Final) else ())
        return method(*arguments)

    return call


def just_now(talk: list[Final]) -> list[Final]:
    """Published at this moment: a lane doesn't begin with what was said minutes ago."""
    return [msgspec.structs.replace(final, published_at_ms=now_ms()) for final in talk]


async def _live_through(make_chunker, talk, other, steps, turns) -> None:  # type: ignore[no-untyped-def]
    audience = AudienceView()
    for session_id in ("s", "other"):
        listen(audience, "pt", session_id=session_id)
        listen(audience, "es", hearing=0, session_id=session_id)
        listen(audience, "ca", session_id=session_id)
    log = [record for pair in zip(talk, other, strict=False) for record in pair]
    log += talk[len(other) :] + other[len(talk) :]
    log += [Finished(session_id=name, language="en", end_ms=1e6) for name in ("s", "other")]
    store = FakeStore()
    shop = workshop(FakeTranslator(turns[0]), FakeSynthesizer(turns[1]), store, make_chunker, audience)
    kafka = FakeKafka(shop, log)
    await kafka.take_over()
    for step in steps:
        match step:
            case "feed":
                await kafka.feed()
            case "turn":
                await asyncio.sleep(0)
            case "commit":
                kafka.commit()
            case "publish":
                kafka.commit(settle=False)
            case "crash":
                await kafka.crash()
                await kafka.take_over()
    await kafka.run_to_end()
    await kafka.crash()

    for name, finals in (("s", talk), ("other", other)):
        for language, hears in (("pt", True), ("es", False), ("ca", False)):
            captions = kafka.captions(language, name)
            speeches = kafka.speeches(language, name)
            assert words_in(captions) == words_of(finals)
            missing = [(caption.start_ms, caption.end_ms) for caption in captions if caption.missing_ms]
            assert missing == [(one.missing.start_ms, one.missing.end_ms) for one in finals if one.missing]
            assert [caption.index for caption in captions] == list(range(len(captions)))
            assert [speech.index for speech in speeches] == [c.index for c in captions if c.spoken]
            assert all(caption.spoken == (hears and bool(caption.text)) for caption in captions)
            assert all(speech.key in store.clips for speech in speeches)
            assert [finish.segments for finish in kafka.finishes(language, name)] == [len(captions)]
            for before, after in pairwise(captions):
                assert before.end_ms <= after.start_ms


async def test_a_takeover_while_the_notifier_restarts_says_every_word() -> None:
    talk = just_now([final(f"W{2 * n} W{2 * n + 1}", 600.0 * n, index=n, previous_mark=".") for n in range(6)])
    audience = AudienceView()
    listen(audience, "pt")
    shop = workshop(FakeTranslator(0), FakeSynthesizer(0), FakeStore(), clause_at_once, audience)
    kafka = FakeKafka(shop, [*talk, Finished(session_id="s", language="en", end_ms=1e6)])
    await kafka.take_over()
    for _ in range(2):
        await kafka.feed()
    await kafka.until(lambda: 0 < len(kafka.captions("pt")) == len(kafka.speeches("pt")))
    await kafka.crash()
    listen(audience, "pt", listeners=0)
    await kafka.take_over()
    while kafka.position < 5:
        await kafka.feed()
    listen(audience, "pt")
    await kafka.run_to_end()
    await kafka.crash()
    assert words_in(kafka.captions("pt")) == words_of(talk)


@pytest.mark.parametrize("make_chunker", [rolling_at_once, clause_at_once])
async def test_a_final_that_lies_there_twice_is_said_once(make_chunker: MakeChunker) -> None:
    talk = just_now([final(f"W{2 * n} W{2 * n + 1}", 600.0 * n, index=n, previous_mark=".") for n in range(6)])
    audience = AudienceView()
    listen(audience, "pt")
    shop = workshop(FakeTranslator(0), FakeSynthesizer(0), FakeStore(), make_chunker, audience)
    ended = Finished(session_id="s", language="en", end_ms=1e6)
    kafka = FakeKafka(shop, [*talk[:3], talk[2], talk[1], *talk[3:], talk[5], ended, ended])
    await kafka.take_over()
    await kafka.run_to_end()
    await kafka.crash()
    assert words_in(kafka.captions("pt")) == words_of(talk)
    assert len(kafka.finishes("pt")) == 1
