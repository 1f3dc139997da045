"""Which engines the settings choose."""

from contextlib import AbstractAsyncContextManager
from typing import get_args, get_type_hints

import pytest

from services.common.settings import SettingsError, load
from services.translator.__main__ import open_adapters
from services.translator.settings import TranslatorSettings


@pytest.mark.parametrize("name", get_args(get_type_hints(TranslatorSettings)["translator_engines"]))
def test_all_engines_that_the_setting_accepts_are_there(name: str) -> None:
    chosen = open_adapters(load(TranslatorSettings, {"DRAGOMAN_TRANSLATOR_ENGINES": name}))
    assert isinstance(chosen, AbstractAsyncContextManager)


def test_engines_that_are_not_there_are_named_with_those_that_are() -> None:
    with pytest.raises(SettingsError) as fault:
        load(TranslatorSettings, {"DRAGOMAN_TRANSLATOR_ENGINES": "abacus"})
    (line,) = str(fault.value).splitlines()
    assert line.startswith("DRAGOMAN_TRANSLATOR_ENGINES='abacus'")
    assert line.endswith("expected one of local, aws")
