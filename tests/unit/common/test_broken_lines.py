"""The schedules of ``test_schedules`` notice it when a line of the code that holds partitions is broken.

Three of the lines with every ``make test``, since it takes a few schedules; all with ``pytest -m long``.
"""

import inspect
from types import ModuleType

import pytest
from hypothesis import Phase, given, settings

from services.common.kafka import partition, processing
from tests.unit.common import test_schedules as schedules

ENOUGH = 10_000
"""Schedules; the rarest is noticed in one of some hundred."""
later = pytest.mark.long


def broken(module: ModuleType, line: str, instead: str) -> ModuleType:
    """The module, but for this."""
    source = inspect.getsource(module)
    assert source.count(line) == 1, line
    made = ModuleType(module.__name__)
    exec(compile(source.replace(line, instead), str(module.__file__), "exec"), made.__dict__)
    return made


OFFSET_FIRST = """
                    if settle:
                        await self._producer.send_offsets_to_transaction({self._part: settled}, self._service)
                        await self._producer.commit_transaction()
                        await self._producer.begin_transaction()
                    sent = [
"""
CASES: dict[str, tuple[ModuleType, str, str]] = {
    "nothing pauses in a rebalance": (processing, "self._consumer.pause(*assigned)", "pass"),
    "what stayed is read on from anywhere": (processing, "self._consumer.seek(part, held.next_offset)", "pass"),
    "what stayed publishes nothing more": (processing, "held.go_on()", "pass"),
    "what is read is settled": (partition, "self._processor.settled(self._position)", "self._position"),
    "takeovers go on through a rebalance": (
        processing,
        "            await self._drop_takeovers()\n            await",
        "            await",
    ),
    "what went is not given up": (processing, "await asyncio.gather(*(held.give_up() for held in lost))", "pass"),
    "what went is worked on": (partition, "                task.cancel()\n", "                pass\n"),
    "the offset is committed before its output": (partition, "\n                    sent = [\n", OFFSET_FIRST),
}
QUICK = 3


@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=() if at < QUICK else later) for at, what in enumerate(CASES)]
)
def test_a_broken_line_is_noticed(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    module, line, instead = CASES[what]
    made = broken(module, line, instead)
    if module is partition:
        monkeypatch.setattr(processing, "Partition", made.Partition)
    else:
        monkeypatch.setattr(schedules, "processing", made)
        monkeypatch.setattr(schedules, "process_partitions", made.process_partitions)

    @settings(max_examples=ENOUGH, database=None, phases=[Phase.generate], report_multiple_bugs=False)
    @given(schedules.SCHEDULES)
    def live(schedule: list[int]) -> None:
        schedules.live(schedule)

    with pytest.raises((AssertionError, LookupError)):  # not as it must be, or nothing moves
        live()
