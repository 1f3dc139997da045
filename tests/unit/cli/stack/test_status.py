"""The status page: what it makes of what the services say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web

from services.cli.stack import status as status_module
from services.cli.stack.ports import free_ports
from services.cli.stack.status import PATH, Status
from services.cli.stack.status.figures import Look, Period, quantile
from services.cli.stack.web import Door, served
from tests.exported import exported
from tests.unit.cli.stack.test_web import PORTS, PROVISIONED, built

__all__ = ["built"]

BEFORE = """
# TYPE dragoman_notifier_listeners gauge
dragoman_notifier_listeners 3
# TYPE dragoman_translator_losses_total counter
dragoman_translator_losses_total{language="pt",loss="shed"} 5
# TYPE dragoman_notifier_lag_seconds histogram
dragoman_notifier_lag_seconds_bucket{notice="speech",le="2.0"} 10
dragoman_notifier_lag_seconds_bucket{notice="speech",le="4.0"} 10
dragoman_notifier_lag_seconds_bucket{notice="speech",le="+Inf"} 10
dragoman_notifier_lag_seconds_count{notice="speech"} 10
dragoman_notifier_lag_seconds_sum{notice="speech"} 15
"""
AFTER = """
# TYPE dragoman_notifier_listeners gauge
dragoman_notifier_listeners 4
# TYPE dragoman_translator_losses_total counter
dragoman_translator_losses_total{language="pt",loss="shed"} 7
dragoman_translator_losses_total{language="es",loss="shed"} 1
dragoman_translator_losses_total{language="es",loss="unspoken"} 9
# TYPE dragoman_notifier_lag_seconds histogram
dragoman_notifier_lag_seconds_bucket{notice="speech",le="2.0"} 10
dragoman_notifier_lag_seconds_bucket{notice="speech",le="4.0"} 30
dragoman_notifier_lag_seconds_bucket{notice="speech",le="+Inf"} 30
dragoman_notifier_lag_seconds_count{notice="speech"} 30
dragoman_notifier_lag_seconds_sum{notice="speech"} 75
"""


def look(at_s: float, **metrics: str) -> Look:
    return Look(at_s=at_s, checks={name: {"started": True} for name in metrics}, metrics=metrics)


def test_counters_tell_what_they_gained_and_gauges_what_they_are() -> None:
    period = Period(look(100, one=BEFORE), look(130, one=AFTER))
    assert period.seconds == 30
    assert period.gauge("dragoman_notifier_listeners") == 4
    assert period.total("dragoman_translator_losses_total", loss="shed") == 3
    assert period.total("dragoman_translator_losses_total", loss="shed", language="pt") == 2
    assert period.total("dragoman_translator_losses_total") == 12


def test_without_a_look_before_it_is_since_the_start() -> None:
    period = Period(None, look(130, one=AFTER))
    assert period.seconds is None
    assert period.total("dragoman_translator_losses_total", loss="shed") == 8


def test_instances_are_added_up_and_one_that_was_started_again_counts_from_there() -> None:
    period = Period(look(100, one=AFTER, two=BEFORE), look(130, one=BEFORE, two=AFTER))
    assert period.gauge("dragoman_notifier_listeners") == 7
    assert period.total("dragoman_translator_losses_total", loss="shed", language="pt") == 5 + 2


def test_a_histogram_tells_mean_and_95_percent_of_what_came_in_between() -> None:
    period = Period(look(100, one=BEFORE), look(130, one=AFTER))
    spread = period.spread("dragoman_notifier_lag_seconds", notice="speech")
    assert spread == pytest.approx((20, 3.0, 3.9))
    assert period.spread("dragoman_notifier_lag_seconds", notice="caption") is None


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ({1.0: 100, 2.0: 100, float("inf"): 100}, 0.95),
        ({1.0: 90, 2.0: 100, float("inf"): 100}, 1.5),
        ({1.0: 0, 2.0: 10, float("inf"): 100}, 2.0),
        ({1.0: 0, 2.0: 0, 4.0: 1, float("inf"): 1}, 3.9),
    ],
)
def test_a_share_lies_straight_within_its_bucket_and_not_above_the_last_bound(
    counts: dict[float, float], value: float
) -> None:
    assert quantile(counts, 0.95) == pytest.approx(value)


@dataclass
class Service:
    """A stand-in for a running service."""

    name: str
    checks: dict[str, bool] = field(default_factory=lambda: {"started": True, "kafka": True})
    metrics: str = ""
    url: str = ""
    asked: int = 0

    async def ready(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"checks": self.checks}, status=200 if all(self.checks.values()) else 503)

    async def count(self, _: web.Request) -> web.Response:
        return web.Response(text=self.metrics)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        app = web.Application()
        app.router.add_get("/readyz", self.ready)
        app.router.add_get("/metrics", self.count)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


@pytest.fixture
async def services() -> AsyncIterator[list[Service]]:
    async with AsyncExitStack() as parts:
        yield [
            await parts.enter_async_context(Service("transcriber-1").running()),
            await parts.enter_async_context(Service("notifier-1", metrics=AFTER).running()),
        ]


@asynccontextmanager
async def opened(services: list[Service], folder: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the web apps' own server."""
    (port,) = free_ports(1)
    door = Door("192.168.1.20", PORTS)
    more = Status(services).routes()  # type: ignore[arg-type]
    async with (
        served(door.config(PROVISIONED), door.clips, port, folder, more=more),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


def row(page: str, name: str) -> list[str]:
    """The cells of a table's row."""
    line = next(line for line in page.splitlines() if f'<th scope="row">{name}</th>' in line)
    return [cell.split("</td>")[0] for cell in line.split("<td>")[1:]]


async def test_the_page_tells_each_service_s_state_and_what_was_counted(services: list[Service], built: Any) -> None:
    services[0].checks["kafka"] = False
    async with opened(services, built) as browser:
        page = (await browser.get(PATH)).text
    assert row(page, "transcriber-1") == ["waits for: kafka"]
    assert row(page, "notifier-1") == ["ready"]
    assert row(page, "listeners") == ["4"]
    assert row(page, "speech") == ["30", "2.50", "3.85"]
    assert row(page, "clips left out to keep up") == ["8"]
    assert "since the start" in page


async def test_a_service_that_does_not_answer_is_said_to(services: list[Service], built: Any) -> None:
    gone = Service("translator-1", url="http://127.0.0.1:9")
    async with opened([*services, gone], built) as browser:
        page = (await browser.get(PATH)).text
    assert row(page, "translator-1") == ["does not answer"]
    assert row(page, "listeners") == ["4"]


async def test_what_comes_while_somebody_looks_is_told_apart_from_what_was(
    services: list[Service], built: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_module, "_SHORT_S", 0.0)
    monkeypatch.setattr(status_module, "_FRESH_S", -1.0)
    services[1].metrics = BEFORE
    async with opened(services, built) as browser:
        await browser.get(PATH)
        services[1].metrics = AFTER
        page = (await browser.get(PATH)).text
    assert row(page, "speech") == ["20", "3.00", "3.90"]
    assert "over the last" in page


async def test_many_who_look_at_once_cost_one_look(services: list[Service], built: Any) -> None:
    async with opened(services, built) as browser:
        await asyncio.gather(*(browser.get(PATH) for _ in range(10)))
    assert [service.asked for service in services] == [1, 1]


async def test_the_page_has_the_apps_own_headers_and_nothing_inline_or_from_elsewhere(
    services: list[Service], built: Any
) -> None:
    async with opened(services, built) as browser:
        answer = await browser.get(PATH)
        for path, kind in (("/status.css", "css"), ("/status.js", "javascript")):
            assert kind in (await browser.get(path)).headers["content-type"]
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"
    assert "://" not in answer.text
    assert not any(inline in answer.text for inline in ("style=", "<style", "onclick"))


async def test_what_the_page_asks_for_is_what_the_services_count(
    services: list[Service], built: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[tuple[str, tuple[str, ...]]] = set()
    gauge, total = Period.gauge, Period.total

    def note_gauge(self: Period, name: str) -> float:
        asked.add((name, ()))
        return gauge(self, name)

    def note_total(self: Period, name: str, **labels: str) -> float:
        asked.add((name.removesuffix("_count").removesuffix("_sum"), tuple(labels)))
        return total(self, name, **labels)

    monkeypatch.setattr(Period, "gauge", note_gauge)
    monkeypatch.setattr(Period, "total", note_total)
    async with opened(services, built) as browser:
        await browser.get(PATH)
    known = exported()
    assert asked
    assert all(name in known and set(labels) <= set(known[name].labels) for name, labels in asked)
