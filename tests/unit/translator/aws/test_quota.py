"""The bucket's arithmetic, and what whoever waits at it is told."""

import pytest
from structlog.testing import capture_logs

from services.common.bucket import Bucket
from services.common.errors import Overloaded
from services.translator.aws.quota import Quota
from tests.figures import figures


def test_a_burst_passes_at_once_and_what_follows_goes_at_the_rate() -> None:
    bucket = Bucket(per_s=4, burst=2)
    waits = [bucket.take(100.0, patience_s=10) for _ in range(5)]
    assert waits == [0, 0, 0.25, 0.5, 0.75]


def test_a_wait_beyond_patience_is_refused_and_costs_nothing() -> None:
    bucket = Bucket(per_s=1, burst=1)
    assert bucket.take(100.0, patience_s=1) == 0
    assert bucket.take(100.0, patience_s=1) == 1
    assert [bucket.take(100.0, patience_s=1) for _ in range(3)] == [None] * 3
    assert bucket.take(101.0, patience_s=1) == 1


def test_time_fills_it_no_higher_than_the_burst() -> None:
    bucket = Bucket(per_s=10, burst=2)
    assert [bucket.take(1000.0, patience_s=0) for _ in range(3)] == [0, 0, None]


def test_a_drained_bucket_makes_the_next_one_wait() -> None:
    bucket = Bucket(per_s=2, burst=2)
    bucket.drain()
    assert bucket.take(0.0, patience_s=1) == 0.5


async def test_it_says_when_it_begins_to_shed_and_when_that_has_ended() -> None:
    quota = Quota("speech", per_s=1e-6, patience_s=0)
    with capture_logs() as logs:
        await quota.turn()
        for _ in range(3):
            with pytest.raises(Overloaded, match="speech"):
                await quota.turn()
        quota._bucket = Bucket(per_s=1, burst=1)
        await quota.turn()
    assert [entry["event"] for entry in logs] == ["quota_used_up", "quota_free_again"]


async def test_calls_that_were_not_made_are_counted() -> None:
    async with figures() as figure:
        quota = Quota("polly", per_s=1e-6, patience_s=0)
        await quota.turn()
        with pytest.raises(Overloaded):
            await quota.turn()
        assert await figure.grown("dragoman_translator_calls_shed_total") == {("polly",): 1}
