"""The status page in a browser: for everybody, and up to date by itself."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.cli.stack.ports import free_ports
from services.cli.stack.status import PATH, Status
from services.cli.stack.web import Door, served
from tests.pages import checks
from tests.unit.cli.stack.test_status import AFTER, BEFORE, Service
from tests.unit.cli.stack.test_web import PORTS, PROVISIONED

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(loop_scope="package")
async def notifier() -> AsyncIterator[Service]:
    async with Service("notifier-1", metrics=BEFORE).running() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="package")
async def page(browser: Browser, notifier: Service) -> AsyncIterator[Page]:
    """The page, as 'dragoman up' serves it."""
    (port,) = free_ports(1)
    door = Door("127.0.0.1", PORTS)
    more = Status([notifier]).routes()  # type: ignore[list-item]
    faults: list[str] = []
    async with served(door.config(PROVISIONED), door.clips, port, more=more):
        context = await browser.new_context()
        page = await context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        await page.goto(f"http://127.0.0.1:{port}{PATH}")
        yield page
        await context.close()
    assert faults == []


async def test_it_shows_what_the_services_say_and_looks_again_by_itself(page: Page, notifier: Service) -> None:
    listeners = page.get_by_role("row", name="listeners 3")
    await expect(listeners).to_be_visible()
    await expect(page.get_by_role("row", name="notifier-1 ready")).to_be_visible()
    notifier.metrics = AFTER
    notifier.checks["kafka"] = False
    await expect(page.get_by_role("row", name="listeners 4")).to_be_visible()
    await expect(page.get_by_role("row", name="notifier-1 waits for: kafka")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_everybody_can_read_it_on_any_screen(page: Page, scheme: str, width: int) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": width, "height": 800})
    assert await checks.violations(page) == []
    assert await checks.sideways(page) == []
