"""Listener counts: soon, together, and again and again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.common.audience import LINGER_MS
from services.common.contracts import Audience
from services.common.kafka import KafkaUnavailable
from services.notifier import audience
from services.notifier.audience import Audiences


class Log:
    """Kafka's part: what was published, and what it did not take."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, int, int]] = []
        self.awaited: list[bool] = []
        """Of those that said zero."""
        self.refused = 0
        self.down = False
        self._news = asyncio.Condition()

    async def publish(self, record: Audience) -> None:
        async with self._news:
            self._news.notify_all()
            if self.down:
                self.refused += 1
                raise KafkaUnavailable("down")
            if not record.listeners:
                self.awaited.append(record.awaited)
            self.records.append((record.session_id, record.language, record.listeners, record.hearing))

    async def until(self, there: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(there)


@asynccontextmanager
async def reporting(counts: Audiences, log: Log) -> AsyncIterator[None]:
    task = asyncio.create_task(counts.report(log.publish))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_the_first_listener_is_told_at_once_and_a_rush_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "SETTLE_S", 0.2)
    counts, log = Audiences("n1", lambda: 7.0), Log()
    async with reporting(counts, log):
        counts.joined("s", "pt", hearing=True)
        await log.until(lambda: log.records == [("s", "pt", 1, 1)])
        for number in range(99):
            counts.joined("s", "pt", hearing=number % 2 == 0)
            await asyncio.sleep(0)
        await log.until(lambda: len(log.records) == 2)
    assert log.records[1] == ("s", "pt", 100, 51)


async def test_the_last_one_to_leave_leaves_a_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, log = Audiences("n1", lambda: 7.0), Log()
    async with reporting(counts, log):
        counts.joined("s", "pt", hearing=True)
        await log.until(lambda: len(log.records) == 1)
        counts.left("s", "pt", hearing=True)
        await log.until(lambda: len(log.records) == 2)
    assert log.records[-1] == ("s", "pt", 0, 0)


async def test_whether_those_who_left_may_come_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "SETTLE_S", 0.0)
    now = 7.0
    counts, log = Audiences("n1", lambda: now), Log()
    async with reporting(counts, log):
        for moved in (True, False, True):
            counts.joined("s", "pt", hearing=True)
            counts.left("s", "pt", hearing=True, moved=moved)
            await log.until(lambda: log.records[-1:] == [("s", "pt", 0, 0)])
            log.records.clear()
        now += LINGER_MS
        counts.joined("s", "pt", hearing=True)
        counts.left("s", "pt", hearing=True, moved=True)
        await log.until(lambda: bool(log.records))
    assert log.awaited == [False, True, True, False]


async def test_counts_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "REPEAT_S", 0.05)
    monkeypatch.setattr(audience, "SETTLE_S", 0.0)
    counts, log = Audiences("n1", lambda: 7.0), Log()
    async with reporting(counts, log):
        counts.joined("s", "pt", hearing=True)
        await log.until(lambda: log.records.count(("s", "pt", 1, 1)) >= 3)


async def test_counts_that_kafka_did_not_take_are_reported_soon_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "RETRY_S", 0.0)
    monkeypatch.setattr(audience, "SETTLE_S", 0.0)
    counts, log = Audiences("n1", lambda: 7.0), Log()
    log.down = True
    async with reporting(counts, log):
        counts.joined("s", "pt", hearing=True)
        counts.joined("s", "es", hearing=True)
        counts.left("s", "es", hearing=True)
        await log.until(lambda: log.refused >= 2)
        log.down = False
        await log.until(lambda: {("s", "pt", 1, 1), ("s", "es", 0, 0)} <= set(log.records))


async def test_a_notifier_that_goes_withdraws_its_counts() -> None:
    counts, log = Audiences("n1", lambda: 7.0), Log()
    counts.joined("s", "pt", hearing=True)
    counts.joined("s", "es", hearing=False)
    await counts.withdraw(log.publish)
    assert set(log.records) == {("s", "pt", 0, 0), ("s", "es", 0, 0)}
    assert log.awaited == [True, True]
