"""Three faults in mid-talk, audited; ``make faults`` tries all of them."""

from pathlib import Path

import pytest

from services.cli.stack import Platform
from tests.faults.faults.aws import StoreRefuses
from tests.faults.faults.fault import Fault
from tests.faults.faults.network import Cut
from tests.faults.faults.processes import KilledInDrain
from tests.faults.run import SHORT, run

SEED = 7
_BUSY = 6
"""Tests run on machines that have other things to do, so often the time until all is normal may be taken."""


@pytest.mark.parametrize(
    "fault",
    [KilledInDrain(service="translator"), Cut(whose="speakers"), StoreRefuses(lasts_s=3.0)],
    ids=lambda fault: fault.name,
)
async def test_no_word_is_lost_or_heard_twice(platform: Platform, fault: Fault, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    result = await run(platform, fault, seed=SEED, size=SHORT, folder=folder)
    account = (folder / "account.txt").read_text(encoding="utf-8")
    assert not result.failing - result.normal.keys(), f"{result}\n{account}"
    for after_s, within_s in result.normal.values():
        assert within_s is not None
        assert after_s <= _BUSY * within_s, f"{result}\n{account}"
    assert result.spoken_words > 30
