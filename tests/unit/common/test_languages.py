"""The table, and how text in its languages is written."""

import json
from pathlib import Path

import pytest

from services.common.languages import LANGUAGES, EngineSet, Offer, Quality, offered, spoken, targets
from services.common.writing import joined

CASES = Path(__file__).parents[2] / "data" / "languages" / "cases.json"


def codes(offers: tuple[Offer, ...]) -> list[str]:
    return [offer.code for offer in offers]


def test_languages_are_called_and_written_as_the_pages_know_them() -> None:
    table = [
        {"code": one.code, "name": one.name, "direction": one.direction, "spaced": one.spaced}
        for one in LANGUAGES.values()
    ]
    assert table == json.loads(CASES.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("recognizer", "expected"),
    [("local", {"en", "pt", "es"}), ("aws", {"en", "de", "ja", "ar", "hi", "zh", "ko", "pl", "uk"})],
)
def test_a_talk_may_be_given_in_what_the_recognizer_knows(recognizer: EngineSet, expected: set[str]) -> None:
    found = set(spoken(recognizer))
    assert found == expected if recognizer == "local" else found > expected


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("translator", ["local", "aws"])
def test_no_language_is_translated_into_itself(code: str, translator: EngineSet) -> None:
    assert code not in targets(code, translator)


def test_amazon_translates_from_each_of_its_languages_into_each_other() -> None:
    for code in spoken("aws"):
        assert {code, *targets(code, "aws")} == {"en", *targets("en", "aws")}


def test_engines_of_both_kinds_may_be_mixed() -> None:
    assert targets("de", "local") == ()
    assert {"de", "ja"} <= set(targets("pt", "aws"))


def test_what_the_speaker_wants_keeps_its_order_and_loses_what_there_is_no_way_to() -> None:
    assert codes(offered("en", ("es", "de", "pt", "xx"), "local")) == ["en", "es", "pt"]
    assert codes(offered("en", ("es", "de", "pt", "gl"), "aws")) == ["en", "es", "de", "pt"]


def test_an_offer_tells_of_a_language_what_a_listener_wants_to_know_before_choosing_it() -> None:
    offers = {offer.code: offer for offer in offered("en", None, "local")}
    assert offers["fr"] == Offer("fr", "Français", "ltr", Quality.DRAFT, speech=True)
    assert offers["ca"] == Offer("ca", "Català", "ltr", Quality.GOOD, speech=False)
    assert offered("en", ("fr", "ar"), "aws")[1:] == (
        Offer("fr", "Français", "ltr", Quality.GOOD, speech=True),
        Offer("ar", "العربية", "rtl", Quality.GOOD, speech=True),
    )


def test_the_spoken_language_is_offered_as_it_was_said_and_to_be_read() -> None:
    assert offered("fr", (), "local") == (Offer("fr", "Français", "ltr", Quality.GOOD, speech=False),)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("good", "day"), "en", "good day"),
        (("नमस्ते", "दोस्तों"), "hi", "नमस्ते दोस्तों"),
        (("今日", "は", "晴れ"), "ja", "今日は晴れ"),
        (("new", "here"), "xx", "new here"),
    ],
)
def test_words_are_joined_as_their_language_is_written(words: tuple[str, ...], code: str, text: str) -> None:
    assert joined(words, code) == text


@pytest.mark.parametrize("translator", ["local", "aws"])
def test_a_source_that_a_newer_service_knows_is_offered_alone(translator: EngineSet) -> None:
    """Services are not replaced all at once: its listeners can read what is said, under its code."""
    assert targets("xx", translator) == ()
    assert offered("xx", None, translator) == (Offer("xx", "xx", "ltr", Quality.GOOD, speech=False),)
    assert [one.code for one in offered("xx", ("pt", "yy"), translator)] == ["xx"]
