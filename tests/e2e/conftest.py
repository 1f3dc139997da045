"""The whole system: for one test that harms it, or for all tests of a module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.system import System, started


@pytest.fixture
def system(stack: Stack) -> System:
    """Addresses of the test's own services, and a way to sign in."""
    return started(stack)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_stack(platform: Platform) -> AsyncIterator[Stack]:
    """The four services, one task each, for the tests of a module that run in the module's event loop."""
    async with Stack(platform, running=True, ports=Ports.free()) as running:
        yield running


@pytest.fixture(scope="module")
def shared_system(shared_stack: Stack) -> System:
    """Addresses of the shared services, and a way to sign in."""
    return started(shared_stack)
