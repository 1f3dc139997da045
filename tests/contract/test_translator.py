"""What every ``Translator`` must do, on every adapter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import pytest_asyncio

from services.common.errors import EngineLoading, EngineRejected
from services.common.languages import LANGUAGES
from services.translator.aws.style import Style
from services.translator.aws.translate import AmazonTranslator
from services.translator.local import apertium
from services.translator.local.translate import NEURAL_DIRECTIONS, LocalTranslator
from services.translator.ports import Translator
from tests.standins.rest import served
from tests.standins.translate import TranslateStandIn


@asynccontextmanager
async def amazon() -> AsyncIterator[Translator]:
    async with served(TranslateStandIn()), AmazonTranslator.open(Style(), per_s=1000, patience_s=4) as translator:
        yield translator


local = partial(LocalTranslator.open, deadline_s=20)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[local, amazon], ids=["local", "aws"])
async def translator(request: pytest.FixtureRequest) -> AsyncIterator[Translator]:
    async with request.param() as adapter:
        yield adapter


pytestmark = pytest.mark.asyncio(loop_scope="module")
of_local_engines = pytest.mark.parametrize("translator", [local], ids=["local"], indirect=True)

SAYS = {
    "pt": {"bom", "dia"},
    "es": {"buen", "buenos"},
    "fr": {"bon", "jour", "bonjour"},
    "it": {"buongiorno", "buon", "giorno"},
    "ca": {"bon", "dia"},
    "gl": {"bo", "día"},
}


async def once_loaded(translator: Translator, text: str, target: str) -> str:
    """The translation from English, asked for again as long as what it needs is being loaded."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await translator.translate(text, "en", target)
            except EngineLoading:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("target", SAYS)
async def test_every_target_of_english_is_really_that_language(translator: Translator, target: str) -> None:
    if target not in translator.targets("en"):
        with pytest.raises(EngineRejected):
            await translator.translate("Good morning.", "en", target)
        return
    said = (await once_loaded(translator, "Good morning.", target)).lower().strip(".").split()
    assert set(said) & SAYS[target]


@of_local_engines
async def test_the_table_s_targets_are_the_engine_s(translator: Translator) -> None:
    for source, language in LANGUAGES.items():
        expected = {code for code, target in LANGUAGES.items() if target.local.path_from(source)}
        assert translator.targets(source) == expected
        assert not expected or language.local.recognizes
        assert source not in expected


async def test_every_step_of_the_table_is_one_that_an_engine_has() -> None:
    for language in LANGUAGES.values():
        for path in language.local.paths.values():
            for step in path:
                engine, _, name = step.partition(":")
                assert name in NEURAL_DIRECTIONS if engine == "nmt" else apertium.installed(name), step


@of_local_engines
async def test_the_neural_engine_s_words_are_left_as_they_are(translator: Translator) -> None:
    assert await translator.translate("in the park", "en", "pt") == "no parque"


async def test_a_language_that_is_not_there_is_rejected(translator: Translator) -> None:
    with pytest.raises(EngineRejected):
        await translator.translate("Good morning.", "en", "xx")


async def test_a_text_that_would_run_the_engine_away_is_rejected_at_once(translator: Translator) -> None:
    async with asyncio.timeout(1):
        with pytest.raises(EngineRejected):
            await translator.translate("word " * 3000, "en", "pt")


@pytest.mark.parametrize(
    "text", ["<b>", "a < b > c", "[x] {y} ^z$ @w", "back\\slash", "two\nlines", "nul\0", "~*/", "…", "😀"]
)
@pytest.mark.parametrize("target", ["pt", "es"])
async def test_marks_that_mean_something_to_an_engine_do_no_harm(
    translator: Translator, text: str, target: str
) -> None:
    await once_loaded(translator, text, target)
    assert await once_loaded(translator, "Good morning.", target)


async def test_translations_side_by_side_don_t_mix(translator: Translator) -> None:
    sentences = [f"There are {number} houses in the street." for number in range(20, 40)]
    found = await asyncio.gather(*(once_loaded(translator, text, "es") for text in sentences))
    assert [str(number) in text for number, text in enumerate(found, 20)] == [True] * 20
