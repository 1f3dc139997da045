"""The command line itself: quick help, registered commands that exist."""

import importlib
import subprocess
import sys

import pytest

from services.cli.__main__ import COMMANDS

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
