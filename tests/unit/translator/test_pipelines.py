"""Apertium's pipelines while they load: programs that take as long as the test wants."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.common.errors import EngineLoading, EngineUnavailable
from services.translator.local import apertium
from services.translator.local.translate import Steps

PROGRAM = """#!/bin/sh
case $2 in
    broken) exit 1 ;;
    cut) exec dd bs=1 count=12 status=none ;;
    ends) cat; printf '\\0'; exit ;;
esac
until test -e {loaded}; do sleep 0.01; done
exec cat
"""


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Mode ``slow`` has loaded once this file is there; ``broken`` never does. They say what they are told; of ``cut``
    the first program dies in the second text, and the other ends what there is of it."""
    program = tmp_path / "program"
    program.write_text(PROGRAM.format(loaded=tmp_path / "loaded"))
    program.chmod(0o755)
    for mode in ("slow", "broken"):
        (tmp_path / f"{mode}.mode").write_text(f"{program} {mode}")
    (tmp_path / "cut.mode").write_text(f"{program} cut | {program} ends")
    monkeypatch.setattr(apertium, "MODES", tmp_path)
    return tmp_path / "loaded"


@pytest.fixture(scope="module")
def steps() -> Iterator[Steps]:
    engine = Steps()
    yield engine
    for mode in list(engine._pipelines):
        engine._pipelines.pop(mode).close()


def in_the_end(steps: Steps, mode: str) -> str:
    """What comes once loading is over; raises as that does."""
    for _ in range(3_000):
        try:
            return steps.translate("Good morning.", ("nmt:en-pt", f"apertium:{mode}"))
        except EngineLoading:
            time.sleep(0.01)
    raise AssertionError("still loading")


def test_what_has_yet_to_load_says_so_at_once_and_holds_nothing_else_up(steps: Steps, loaded: Path) -> None:
    for _ in range(3):
        with pytest.raises(EngineLoading, match="apertium:slow being loaded"):
            steps.translate("Good morning.", ("nmt:en-pt", "apertium:slow"))
    assert steps.translate("Good morning.", ("nmt:en-pt",)) == "Bom dia."
    loaded.touch()
    assert in_the_end(steps, "slow") == "Bom dia."


def test_what_ends_before_it_has_loaded_is_unavailable_and_opened_anew(steps: Steps, loaded: Path) -> None:
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match=r"pipeline (ended|broke)"):
            in_the_end(steps, "broken")


def test_what_never_loads_is_given_up_and_opened_anew(
    steps: Steps, loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps._pipelines.clear()
    with monkeypatch.context() as impatient:
        impatient.setattr(apertium, "_OPENING_S", 0.1)
        with pytest.raises(EngineUnavailable, match=r"not opened within 0\.1 s"):
            in_the_end(steps, "slow")
    loaded.touch()
    assert in_the_end(steps, "slow") == "Bom dia."


def test_what_a_program_that_dies_leaves_of_a_text_is_no_translation(steps: Steps, loaded: Path) -> None:
    with pytest.raises(EngineUnavailable, match="broke off"):
        in_the_end(steps, "cut")


def test_a_pipeline_that_can_not_be_begun_leaves_no_program_behind(
    loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            started.append(self)

    def broke(pipeline: apertium.Pipeline, escaped: str) -> None:
        raise EngineUnavailable("broke")

    monkeypatch.setattr(subprocess, "Popen", Noted)
    monkeypatch.setattr(apertium.Pipeline, "_say", broke)
    with pytest.raises(EngineUnavailable, match="mode slow: broke"):
        apertium.Pipeline("slow")
    assert [program.poll() is not None for program in started] == [True]
