"""What ``dragoman doctor`` says of languages that are offered and not installed."""

from pathlib import Path

import pytest

from services.cli.stack import checks
from services.cli.stack.checks import State
from services.translator.local import apertium


def test_a_translation_that_is_not_installed_is_named_with_its_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apertium, "MODES", tmp_path)
    for mode in ("es-pt", "pt-es", "por-cat", "cat-ita", "es-gl"):
        (tmp_path / f"{mode}.mode").touch()
    finding = checks.translations()
    assert finding.state is State.MISSING
    assert "cat-fra" in finding.found
    assert "Français" in finding.found
    assert "Italiano" not in finding.found
    (tmp_path / "cat-fra.mode").touch()
    assert checks.translations().state is State.OK


def test_a_voice_that_is_not_installed_is_named_with_its_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "home", lambda: tmp_path)
    finding = checks.speech()
    assert finding.state is State.MISSING
    assert "Português has captions without speech" in finding.found
