"""The web player has the same rules: ``frontend/src/listener/player/schedule.test.ts`` has these cases too."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.cli.clients.playback import ArrivedClip, schedule

CASES = json.loads((Path(__file__).parents[3] / "data" / "playback" / "cases.json").read_text())


@pytest.mark.parametrize("case", CASES)
def test_clips_are_heard_as_in_the_cases_shared_with_the_web_player(case: dict[str, Any]) -> None:
    arrived = [ArrivedClip(int(index), *times) for index, *times in case["arrivals"]]
    silent = {int(index) for index in case.get("silent", [])}
    heard = [(one.index, one.start_ms, one.end_ms, one.rate) for one in schedule(arrived, silent)]
    assert heard == [pytest.approx(tuple(expected), abs=0.001) for expected in case["played"]]
