"""What the machine's use is counted as."""

import multiprocessing
import os
import time

from services.cli.evaluation.usage import UsageWatch


def _burn(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    time.sleep(60)


def test_cpu_is_counted_from_the_first_look_and_children_are_engines() -> None:
    watch = UsageWatch(lambda: {"me": os.getpid(), "gone": 2**22 + 1})
    watch.sample()
    assert watch.usage["me"].cpu_s == 0
    child = multiprocessing.get_context("fork").Process(target=_burn, args=(0.3,))
    child.start()
    try:
        deadline = time.monotonic() + 30
        while watch.usage["me"].cpu_s < 0.3 and time.monotonic() < deadline:
            watch.sample()
    finally:
        child.kill()
        child.join()
    assert watch.usage["me"].cpu_s >= 0.3
    assert watch.usage["me"].engines_rss_mb > 1
    assert watch.usage["me"].rss_mb > 10


def test_memory_is_told_for_each_minute_that_was_watched() -> None:
    times_s = iter((100.0, 130.0, 159.0, 161.0, 341.0))
    watch = UsageWatch(lambda: {"me": os.getpid()}, clock=lambda: next(times_s))
    counts = []
    for _ in range(5):
        watch.sample()
        counts.append(len(watch.usage["me"].mb_by_minute))
    assert counts == [1, 1, 1, 2, 5]
    assert all(mb > 10 for mb in watch.usage["me"].mb_by_minute)
