"""The table, and how text in its languages is written."""

import json
from pathlib import Path

import pytest

from services.common.languages import LANGUAGES, EngineSet, offered, spoken, targets
from services.common.writing import joined

CASES = Path(__file__).parents[2] / "data" / "languages" / "cases.json"


def test_names_and_directions_are_those_that_the_pages_know() -> None:
    table = [{"code": one.code, "name": one.name, "direction": one.direction} for one in LANGUAGES.values()]
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
    assert offered("en", ("es", "de", "pt", "xx"), "local") == ("en", "es", "pt")
    assert offered("en", ("es", "de", "pt", "gl"), "aws") == ("en", "es", "de", "pt")


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
