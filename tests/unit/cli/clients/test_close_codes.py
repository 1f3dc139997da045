"""After which close codes clients stop: the web pages have the same, by ``frontend/src/shared/reconnect.test.ts``."""

import json
import re
from pathlib import Path

import pytest

from services.cli.clients.connection import LISTENER_REFUSALS, SPEAKER_REFUSALS

ROOT = Path(__file__).parents[4]
CASES = json.loads((ROOT / "tests/data/close_codes/cases.json").read_text(encoding="utf-8"))
REFUSALS = {"speaker": SPEAKER_REFUSALS, "listener": LISTENER_REFUSALS}
DONE = 1000


def documented(who: str) -> dict[int, str]:
    """What clients do, by close code, as docs/protocol.md has it."""
    text = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    section = text.partition(f"## {who.capitalize()}'s socket")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d{4}) \|[^|]*\| ([^|]*) \|$", section, re.MULTILINE)
    return {int(code): client for code, client in rows if int(code) != DONE}


@pytest.mark.parametrize("who", CASES)
def test_the_protocols_close_codes_are_the_cases_shared_with_the_web_pages(who: str) -> None:
    codes = documented(who)
    again = {code for code, client in codes.items() if "reconnect" in client}
    assert (again, codes.keys() - again) == (set(CASES[who]["again"]), set(CASES[who]["stop"]))


@pytest.mark.parametrize("who", CASES)
def test_clients_stop_where_the_protocol_says_so(who: str) -> None:
    assert set(REFUSALS[who]) == set(CASES[who]["stop"])
