"""What the translator's ``/metrics`` tells of segments, losses and engines."""

from collections.abc import Callable

import pytest

from services.common.audience import AudienceView
from services.common.clock import now_ms
from services.common.contracts import Boundary, SentenceMark
from services.common.errors import EngineRejected, EngineUnavailable, Overloaded
from services.translator.engines import Deadlines
from services.translator.session import Workshop
from tests.figures import Figures, figures
from tests.unit.translator.builders import final
from tests.unit.translator.fakes import FakeKafka, FakeSynthesizer, FakeTranslator, listen, workshop


def failing(fault: Exception) -> Callable[[str], Exception | None]:
    return lambda text: fault


async def said(figure: Figures, shop: Workshop, language: str = "pt") -> None:
    """Two sentences into a language."""
    kafka = FakeKafka(shop, [])
    await kafka.take_over()
    try:
        listen(shop.audience, language)
        await figure.note()
        for index, text in enumerate(("We met", "We talked")):
            mark: SentenceMark | None = "." if index else None
            kafka.log.append(
                final(
                    text, 1000 * index, index=index, ends=Boundary.PAUSE, previous_mark=mark, published_at_ms=now_ms()
                )
            )
            await kafka.feed()
        await kafka.until(
            lambda: (
                len(kafka.captions(language)) == 2
                and len(kafka.speeches(language)) == sum(caption.spoken for caption in kafka.captions(language))
            )
        )
    finally:
        await kafka.crash()


@pytest.fixture
def audience() -> AudienceView:
    return AudienceView()


async def test_segments_are_counted_by_language_and_a_good_one_is_no_loss(audience: AudienceView) -> None:
    async with figures() as figure:
        await said(figure, workshop(audience=audience))
        assert await figure.grown("dragoman_translator_segments_total") == {("pt",): 2}
        assert await figure.grown("dragoman_translator_losses_total") == {}
        assert await figure.grown("dragoman_translator_backlog_seconds_count") == {("pt",): 2}
        assert (await figure.grown("dragoman_translator_engine_seconds_count")).keys() == {
            ("store",),
            ("synthesize",),
            ("translate",),
        }


async def test_a_translation_that_failed_is_a_loss_and_an_engine_s_failure(audience: AudienceView) -> None:
    async with figures() as figure:
        translator = FakeTranslator(fail=failing(EngineRejected("no")))
        await said(figure, workshop(translator, audience=audience))
        assert await figure.grown("dragoman_translator_segments_total") == {("pt",): 2}
        assert await figure.grown("dragoman_translator_losses_total") == {("pt", "untranslated"): 2}
        failures = await figure.grown("dragoman_translator_engine_failures_total")
        assert failures.keys() == {("rejected", "translate")}


@pytest.mark.parametrize(
    ("fault", "kind"), [(Overloaded("quota"), "overloaded"), (EngineUnavailable("gone"), "overdue")]
)
async def test_speech_that_could_not_be_made_is_a_loss(audience: AudienceView, fault: Exception, kind: str) -> None:
    async with figures() as figure:
        shop = workshop(
            synthesizer=FakeSynthesizer(fail=failing(fault)),
            deadlines=Deadlines(synthesize_s=0.05),
            audience=audience,
        )
        await said(figure, shop)
        assert await figure.grown("dragoman_translator_losses_total") == {("pt", "unspoken"): 2}
        failures = await figure.grown("dragoman_translator_engine_failures_total")
        assert failures[kind, "synthesize"] == 2


async def test_speech_that_was_left_out_to_keep_up_is_a_loss(audience: AudienceView) -> None:
    async with figures() as figure:
        await said(figure, workshop(audience=audience, shed_backlog_ms=-1))
        assert await figure.grown("dragoman_translator_losses_total") == {("pt", "shed"): 2}


async def test_captions_in_a_language_without_a_voice_are_no_loss(audience: AudienceView) -> None:
    async with figures() as figure:
        await said(figure, workshop(audience=audience), "ca")
        assert await figure.grown("dragoman_translator_segments_total") == {("ca",): 2}
        assert await figure.grown("dragoman_translator_losses_total") == {}
