"""``dragoman up`` with an address that phones can't use."""

from collections.abc import Iterator

import pytest
import structlog
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.commands import up


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """A command sets up its logs for good, here beside an output that is closed after it."""
    yield
    structlog.reset_defaults()


def test_a_foreign_address_is_refused_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "require_built", lambda: None)
    monkeypatch.setattr(up, "Stack", None)
    monkeypatch.setattr(up, "addresses_of_machine", list)
    ended = CliRunner().invoke(app, ["up", "--address", "203.0.113.1"])
    assert ended.exit_code == 1
    assert "203.0.113.1 is not an address of this machine" in ended.output
