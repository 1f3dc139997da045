"""The web pages write the same files: ``frontend/src/shared/formats.test.ts`` has these cases too."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.cli.clients.captions import Cue, srt, txt, vtt

CASES = json.loads((Path(__file__).parents[3] / "data" / "captions" / "cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_files_are_as_in_the_cases_shared_with_the_web_pages(case: dict[str, Any]) -> None:
    cues = [Cue(start_ms, end_ms, text.strip()) for start_ms, end_ms, text in case["captions"]]
    assert (txt(cues, case["language"]), srt(cues), vtt(cues)) == (case["txt"], case["srt"], case["vtt"])
