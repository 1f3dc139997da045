"""One browser for all tests of the pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.browsing import chromium, microphone
from tests.e2e.talks import IVORY
from tests.pages.scripted import Site, site
from tests.pages.visit import Visit, visit


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Chromium with somebody who speaks into its microphone."""
    speech = microphone(tmp_path_factory.mktemp("microphone"), IVORY, before_s=0.0)
    async with chromium(speech) as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def web() -> AsyncIterator[Site]:
    """Both pages."""
    async with site() as web:
        yield web


@pytest_asyncio.fixture(loop_scope="package")
async def at(browser: Browser, web: Site) -> AsyncIterator[Visit]:
    """A visitor on a phone, at a page that is about to be opened."""
    async with visit(browser, web) as visiting:
        yield visiting
