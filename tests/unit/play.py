"""State machines as tests, and what they all look at."""

import logging
import re
from pathlib import Path

import structlog
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.often import often

_PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"


class Complaints(logging.Handler):
    """What uvicorn, asyncio and the rest log as errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


def documented_codes(socket: str) -> frozenset[int]:
    """Close codes of the speaker's or the listener's socket."""
    page = _PROTOCOL.read_text(encoding="utf-8").partition(f"## {socket}'s socket")[2].partition("\n## ")[0]
    return frozenset(map(int, re.findall(r"^\| (\d{4}) \|", page, re.MULTILINE)))


def play(machine: type[RuleBasedStateMachine], examples: int) -> None:
    """As many sequences of steps, without the services' own log."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    try:
        run_state_machine_as_test(machine, settings=settings(max_examples=often(examples), stateful_step_count=50))
    finally:
        structlog.reset_defaults()
