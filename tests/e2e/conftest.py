"""The whole system for one test."""

import pytest

from services.cli.stack import Stack
from services.cli.stack.system import System, started


@pytest.fixture
def system(stack: Stack) -> System:
    """Its addresses, and a way to sign in."""
    return started(stack)
