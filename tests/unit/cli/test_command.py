"""The command line itself: quick help, registered commands that exist, logs made readable."""

import importlib
import subprocess
import sys

import pytest

from services.cli.__main__ import COMMANDS
from services.cli.logbook import readable

_SLOW = ("aiobotocore", "aiokafka", "numpy", "rich", "services.cli.stack", "structlog")


def test_help_loads_nothing_slow_and_names_every_command() -> None:
    program = (
        "import sys; sys.argv = ['dragoman', '--help']\n"
        "from services.cli.__main__ import main\n"
        "try: main()\n"
        f"finally: print([name for name in {_SLOW!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"
    assert all(f"\n  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_help_names_exists(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_a_log_line_is_made_readable() -> None:
    line = (
        '{"timestamp":"2026-01-02T03:04:05.678Z","level":"warning","event":"link_lost","service":"ingest",'
        '"instance":"1","logger":"x","session":"abc","frames":3}'
    )
    assert readable("ingest", line, colour=False) == "03:04:05  ingest  warning: link_lost session=abc frames=3"


def test_a_trace_stands_below_its_line() -> None:
    shown = readable("x", '{"level":"error","event":"failed","exception":"Traceback\\n  boom"}', colour=False)
    assert shown.splitlines()[1:] == ["Traceback", "  boom"]


def test_a_line_that_is_not_json_is_shown_as_it_is() -> None:
    assert readable("kafka", "[main] WARN disk", colour=True) == "kafka  [main] WARN disk"
