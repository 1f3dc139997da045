"""Which recognizer the settings choose."""

import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from typing import get_args, get_type_hints

import pytest

from services.common.settings import SettingsError, load
from services.transcriber.__main__ import open_recognizer
from services.transcriber.settings import TranscriberSettings


@pytest.mark.parametrize("name", get_args(get_type_hints(TranscriberSettings)["recognizer"]))
def test_every_recognizer_that_the_setting_accepts_is_there(name: str) -> None:
    chosen = open_recognizer(load(TranscriberSettings, {"DRAGOMAN_RECOGNIZER": name}))
    assert isinstance(chosen, AbstractAsyncContextManager)


def test_one_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(SettingsError) as fault:
        load(TranscriberSettings, {"DRAGOMAN_RECOGNIZER": "abacus"})
    (line,) = str(fault.value).splitlines()
    assert line.startswith("DRAGOMAN_RECOGNIZER='abacus'")
    assert line.endswith("expected one of local, aws")


def test_an_engine_s_packages_are_needed_only_where_it_is_chosen() -> None:
    program = "import sys, services.transcriber.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not {"amazon_transcribe", "awscrt", "faster_whisper", "ctranslate2"} & set(done.stdout.split())
