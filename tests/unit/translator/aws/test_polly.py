"""Amazon Polly against its stand-in: voices, rates, lengths, and what becomes of each fault."""

from collections.abc import AsyncIterator

import botocore.session
import pytest
from structlog.testing import capture_logs

from services.common.errors import EngineRejected, EngineUnavailable, Overloaded
from services.common.languages import LANGUAGES
from services.translator.aws import calls
from services.translator.aws.polly import AmazonSynthesizer
from services.translator.ports import Clip
from tests.figures import figures
from tests.standins.faults import BREAKS, Fault
from tests.standins.polly import PollyStandIn
from tests.standins.rest import served

NAMED_OTHERWISE = {"ar": "arb", "no": "nb-NO", "zh": "cmn-CN"}
"""Polly's names for languages that others call as we do."""
VOICES = {code: language.aws.voice for code, language in LANGUAGES.items() if language.aws.voice}


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PollyStandIn]:
    monkeypatch.setattr(calls, "_WAIT_S", 0.001)
    standin = PollyStandIn()
    async with served(standin):
        yield standin


@pytest.fixture
async def synthesizer(service: PollyStandIn) -> AsyncIterator[AmazonSynthesizer]:
    async with AmazonSynthesizer.open("mp3", per_s=1000, patience_s=1) as opened:
        yield opened


def last(service: PollyStandIn) -> dict[str, str]:
    return service.calls["SynthesizeSpeech"][-1]


@pytest.mark.parametrize("code", VOICES)
async def test_the_table_s_voices_and_engines_are_in_the_service_s_own_model(code: str) -> None:
    model = botocore.session.get_session().get_service_model("polly")
    members = model.operation_model("SynthesizeSpeech").input_shape.members
    engine, name, language = VOICES[code].split(":")
    assert engine in members["Engine"].enum
    assert name in members["VoiceId"].enum
    assert language in members["LanguageCode"].enum


@pytest.mark.parametrize("code", VOICES)
async def test_a_voice_speaks_the_language_that_it_stands_for(service: PollyStandIn, code: str) -> None:
    engine, name, language = VOICES[code].split(":")
    languages, engines = service.voices[name]
    assert language in languages
    assert engine in engines
    assert language == NAMED_OTHERWISE.get(code) or language.startswith(f"{code}-")


async def test_a_voice_of_two_languages_is_told_which(service: PollyStandIn, synthesizer: AmazonSynthesizer) -> None:
    await synthesizer.synthesize("नमस्ते।", "hi", 1.0)
    assert (last(service)["VoiceId"], last(service)["LanguageCode"]) == ("Kajal", "hi-IN")


async def test_a_voice_that_the_region_lacks_is_told_and_its_language_has_captions_alone(service: PollyStandIn) -> None:
    del service.voices["Arlet"]
    service.voices["Lea"] = (("fr-FR",), ("standard",))
    with capture_logs() as logs:
        async with AmazonSynthesizer.open("mp3", per_s=1000, patience_s=1) as synthesizer:
            assert synthesizer.languages == VOICES.keys() - {"ca", "fr"}
    assert [entry["languages"] for entry in logs if entry["event"] == "voice_missing"] == [["ca", "fr"]]


async def test_a_rate_goes_as_ssml_with_the_text_s_own_marks_escaped(
    service: PollyStandIn, synthesizer: AmazonSynthesizer
) -> None:
    text = "Fish & chips <b>\x00 cost \x1b£5"
    plain = await synthesizer.synthesize(text, "en", 1.0)
    assert last(service)["TextType"] == "text"
    fast = await synthesizer.synthesize(text, "en", 1.4)
    assert last(service)["Text"] == (
        '<speak><prosody rate="140%">Fish &amp; chips &lt;b&gt;  cost  £5</prosody></speak>'
    )
    assert plain.duration_ms / fast.duration_ms == pytest.approx(1.4, abs=0.01)


async def test_an_engine_that_takes_no_rate_speaks_at_its_own_and_is_not_asked_again(
    service: PollyStandIn, synthesizer: AmazonSynthesizer
) -> None:
    service.rateless.add("neural")
    own = await synthesizer.synthesize("Good morning.", "en", 1.0)
    with capture_logs() as logs:
        clips = [await synthesizer.synthesize("Good morning.", "en", 1.4) for _ in range(2)]
    assert [clip.duration_ms for clip in clips] == [own.duration_ms] * 2
    assert [call["TextType"] for call in service.calls["SynthesizeSpeech"]] == ["text", "ssml", "text", "text"]
    assert [entry["event"] for entry in logs] == ["rate_not_taken"]


async def test_mp3_that_does_not_tell_its_padding_is_as_long_as_what_is_heard(
    service: PollyStandIn, synthesizer: AmazonSynthesizer
) -> None:
    service.tagged = False
    clip = await synthesizer.synthesize("x" * 50, "en", 1.0)
    assert 3000 <= clip.duration_ms < 3050


@pytest.mark.parametrize(
    "fault",
    [Fault("ThrottlingException"), Fault("ServiceFailureException", 500), Fault("ServiceUnavailable", 503), BREAKS],
)
async def test_what_may_work_later_is_unavailable(
    service: PollyStandIn, synthesizer: AmazonSynthesizer, fault: Fault
) -> None:
    service.faults.order("SynthesizeSpeech", fault)
    with pytest.raises(EngineUnavailable):
        await synthesizer.synthesize("Good morning.", "en", 1.0)
    assert isinstance(await synthesizer.synthesize("Good morning.", "en", 1.0), Clip)


@pytest.mark.parametrize(
    "code", ["EngineNotSupportedException", "TextLengthExceededException", "AccessDeniedException"]
)
async def test_what_never_will_is_rejected_by_its_code(
    service: PollyStandIn, synthesizer: AmazonSynthesizer, code: str
) -> None:
    service.faults.order("SynthesizeSpeech", Fault(code))
    with pytest.raises(EngineRejected, match=code):
        await synthesizer.synthesize("Good morning.", "en", 1.4)


async def test_speech_beyond_the_quota_is_left_out_at_once(service: PollyStandIn) -> None:
    async with AmazonSynthesizer.open("mp3", per_s=0.001, patience_s=1) as synthesizer:
        await synthesizer.synthesize("One.", "en", 1.0)
        with pytest.raises(Overloaded):
            await synthesizer.synthesize("Two.", "en", 1.0)
    assert len(service.calls["SynthesizeSpeech"]) == 1


async def test_what_is_billed_is_counted_without_the_marks_of_a_rate(synthesizer: AmazonSynthesizer) -> None:
    async with figures() as figure:
        await synthesizer.synthesize("Fish & chips", "en", 1.4)
        assert await figure.grown("dragoman_translator_billed_characters_total") == {("polly",): 12}
