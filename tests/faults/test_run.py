"""What a run is allowed, and when it is tried again."""

import pytest

from tests.faults.faults import ALL, EACH, aws, broker, processes
from tests.faults.faults.network import Cut, HalfOpen
from tests.faults.run import once_more, together
from tests.faults.scene import Harmless


class Attempts:
    """Those of the given numbers miss their moment."""

    def __init__(self, *missed: int) -> None:
        self.made: list[int] = []
        self._missed = missed

    async def __call__(self, tries: int) -> int:
        self.made.append(tries)
        if tries in self._missed:
            raise Harmless("too late")
        return tries


async def test_a_fault_that_did_its_harm_is_not_tried_again() -> None:
    assert await once_more(attempts := Attempts(), "kill") == 1
    assert attempts.made == [1]


async def test_a_fault_that_missed_its_moment_is_tried_once_more_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await once_more(Attempts(1), "kill") == 2
    assert capsys.readouterr().out == "kill: missed its moment (too late), once more at another\n"


async def test_a_fault_that_missed_both_moments_is_none() -> None:
    attempts = Attempts(1, 2, 3)
    with pytest.raises(Harmless):
        await once_more(attempts, "kill")
    assert attempts.made == [1, 2]


def test_several_faults_may_what_each_of_them_may() -> None:
    assert together([10.0, 20.0]) == 30.0
    assert together([0, 0]) == 0
    assert together([10.0, None]) is None


def test_after_faults_of_processes_and_brokers_nothing_may_be_told_of_as_failed_and_all_is_normal_soon() -> None:
    for fault in (*processes.ALL, *broker.ALL):
        assert fault.most_told == (None if "back after 60 s" in fault.name else 0), fault.name
        assert fault.normal_within_s is not None, fault.name
    for fault in processes.ALL:
        most = 20 if "transcriber" in fault.name or "all" in fault.name else 10
        assert fault.normal_within_s == most, fault.name


def test_a_client_s_half_open_connection_may_take_as_long_as_it_takes_to_see_it() -> None:
    assert HalfOpen(whose="listeners").normal_within_s == 22
    assert Cut(whose="listeners").normal_within_s == 10


def test_faults_of_clients_have_a_talk_beside_and_no_two_faults_share_a_name() -> None:
    of_clients = ("speakers", "listeners")
    assert {fault.name for fault in ALL if fault.of_one_talk} == {
        fault.name for fault in EACH if fault.name.startswith(of_clients)
    }
    assert len({fault.name for fault in ALL}) == len(ALL)


def test_a_store_that_is_back_before_a_clip_is_given_up_loses_none() -> None:
    assert aws.StoreRefuses(lasts_s=3.0).most_told == 0
    assert aws.StoreRefuses().most_told is None
