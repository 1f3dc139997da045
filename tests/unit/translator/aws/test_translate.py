"""Amazon Translate against its stand-in: what is sent, and what becomes of each fault."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from services.common.errors import EngineRejected, EngineUnavailable, Overloaded
from services.common.languages import LANGUAGES
from services.common.settings import SettingsError
from services.translator.aws import calls
from services.translator.aws.style import Style
from services.translator.aws.translate import AmazonTranslator
from services.translator.engines import Deadlines, Engines
from tests.figures import figures
from tests.standins.faults import BREAKS, Fault
from tests.standins.published import TRANSLATE_CODES
from tests.standins.rest import served
from tests.standins.translate import TranslateStandIn
from tests.unit.translator.fakes import FakeStore, FakeSynthesizer

THROTTLED = Fault("ThrottlingException")


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TranslateStandIn]:
    monkeypatch.setattr(calls, "_WAIT_S", 0.001)
    standin = TranslateStandIn()
    async with served(standin):
        yield standin


async def translated(text: str = "Hello", style: Style | None = None, *, per_s: float = 1000) -> str:
    async with AmazonTranslator.open(style or Style(), per_s=per_s, patience_s=1) as translator:
        return await translator.translate(text, "en", "fr")


async def test_a_text_may_have_ten_thousand_bytes_and_not_one_more(service: TranslateStandIn) -> None:
    assert await translated("é" * 5000) == "fr:" + "é" * 5000
    with pytest.raises(EngineRejected, match="10001 bytes"):
        await translated("é" * 5000 + "e")


async def test_the_style_goes_with_every_text(service: TranslateStandIn) -> None:
    service.terminologies.add("products")
    style = Style(formality="formal", mask_profanity=True, brevity=True, terminology="products")
    await translated(style=style)
    (call,) = service.calls["TranslateText"]
    assert call["Settings"] == {"Formality": "FORMAL", "Profanity": "MASK", "Brevity": "ON"}
    assert call["TerminologyNames"] == ["products"]


async def test_a_terminology_that_is_not_there_is_told_once_and_left_out(service: TranslateStandIn) -> None:
    with capture_logs() as logs:
        assert await translated(style=Style(terminology="lost")) == "fr:Hello"
    assert [entry["name"] for entry in logs if entry["event"] == "terminology_missing"] == ["lost"]


def test_the_table_s_codes_are_on_the_service_s_list() -> None:
    assert {language.aws.translate for language in LANGUAGES.values()} <= {*TRANSLATE_CODES, None}


async def test_targets_are_the_languages_that_the_region_has(service: TranslateStandIn) -> None:
    service.codes.remove("ca")
    with capture_logs() as logs:
        async with AmazonTranslator.open(Style(), per_s=1, patience_s=1) as translator:
            translated = {code for code, language in LANGUAGES.items() if language.aws.translate}
            assert translator.targets("en") == translated - {"en", "ca"}
            assert translator.targets("gl") == frozenset()
    assert [entry["languages"] for entry in logs if entry["event"] == "language_missing"] == [["ca"]]
    assert not LANGUAGES["gl"].aws.translate


@pytest.mark.parametrize(
    "fault",
    [
        THROTTLED,
        Fault("TooManyRequestsException"),
        Fault("Slow", 429),
        Fault("InternalServerException", 500),
        Fault("ServiceUnavailableException", 503),
        Fault("ExpiredTokenException", 403),
        BREAKS,
    ],
)
async def test_what_may_work_later_is_unavailable(service: TranslateStandIn, fault: Fault) -> None:
    service.faults.order("TranslateText", fault)
    with pytest.raises(EngineUnavailable) as raised:
        await translated()
    assert raised.value.__cause__ is not None
    assert await translated() == "fr:Hello"


@pytest.mark.parametrize(
    "code", ["UnsupportedLanguagePairException", "TextSizeLimitExceededException", "AccessDeniedException"]
)
async def test_what_never_will_is_rejected_by_its_code(service: TranslateStandIn, code: str) -> None:
    service.faults.order("TranslateText", Fault(code))
    with pytest.raises(EngineRejected, match=code):
        await translated()


async def test_an_answer_that_does_not_come_is_given_up(
    service: TranslateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_READ_S", 0.05)
    async with AmazonTranslator.open(Style(), per_s=1000, patience_s=1) as translator:
        service.hanging.set()
        with pytest.raises(EngineUnavailable):
            await translator.translate("Hello", "en", "fr")
        service.hanging.clear()
        assert await translator.translate("Hello", "en", "fr") == "fr:Hello"


async def test_faults_in_passing_cost_time_and_no_caption(service: TranslateStandIn) -> None:
    async with AmazonTranslator.open(Style(), per_s=1000, patience_s=1) as translator:
        engines = Engines(translator, FakeSynthesizer(), FakeStore(), Deadlines(translate_s=5))
        service.faults.order("TranslateText", THROTTLED, BREAKS, Fault("InternalServerException", 500))
        assert await engines.translate("Hello", "en", "fr") == "fr:Hello"


async def test_who_would_wait_too_long_for_the_quota_is_turned_away_without_a_call(service: TranslateStandIn) -> None:
    async with AmazonTranslator.open(Style(), per_s=0.001, patience_s=1) as translator:
        await translator.translate("Hello", "en", "fr")
        engines = Engines(translator, FakeSynthesizer(), FakeStore(), Deadlines())
        with pytest.raises(Overloaded):
            await engines.translate("Hello", "en", "fr")
    assert len(service.calls["TranslateText"]) == 1


async def test_a_throttled_call_makes_the_next_ones_wait(service: TranslateStandIn) -> None:
    async with AmazonTranslator.open(Style(), per_s=100, patience_s=0.05) as translator:
        service.faults.order("TranslateText", THROTTLED)
        with pytest.raises(EngineUnavailable):
            await translator.translate("Hello", "en", "fr")
        calls = [translator.translate("Hello", "en", "fr") for _ in range(99)]
        assert any(isinstance(said, Overloaded) for said in await asyncio.gather(*calls, return_exceptions=True))


async def test_a_service_that_is_away_at_the_start_is_awaited(service: TranslateStandIn) -> None:
    service.faults.order("ListLanguages", BREAKS, Fault("InternalServerException", 500))
    with capture_logs() as logs:
        assert await translated() == "fr:Hello"
    assert [entry["event"] for entry in logs].count("engine_awaited") == 2


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "ExpiredTokenException", "AccessDeniedException"])
async def test_credentials_that_are_not_let_in_stop_the_start_with_one_line(
    service: TranslateStandIn, code: str
) -> None:
    service.faults.order("ListLanguages", Fault(code))
    with pytest.raises(SettingsError, match=rf"{code}.*credentials"):
        await translated()


async def test_without_credentials_nothing_starts(service: TranslateStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SettingsError, match=r"no AWS credentials.*see that"):
        await translated()


async def test_without_a_region_nothing_starts(service: TranslateStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(SettingsError, match="AWS_DEFAULT_REGION"):
        await translated()


async def test_what_is_billed_is_counted_and_so_is_what_the_service_refuses(service: TranslateStandIn) -> None:
    async with figures() as figure, AmazonTranslator.open(Style(), per_s=1000, patience_s=1) as translator:
        await translator.translate("É o fim.", "pt", "fr")
        service.faults.order("TranslateText", THROTTLED)
        with pytest.raises(EngineUnavailable):
            await translator.translate("Not billed", "en", "fr")
        assert await figure.grown("dragoman_translator_billed_characters_total") == {("translate",): 8}
        assert await figure.grown("dragoman_translator_calls_throttled_total") == {("translate",): 1}
