"""What a run is allowed, and when it is tried again."""

import pytest

from tests.faults.faults import ALL, EACH, aws, broker, engine, processes, speaker
from tests.faults.faults.disk import BrokerFull
from tests.faults.faults.engine import Errs
from tests.faults.faults.fault import CAPTION_LANES, SPEECH_LANES
from tests.faults.faults.network import Cut, HalfOpen
from tests.faults.faults.several import Several
from tests.faults.run import WHOLE, once_more, together
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
        assert fault.most_told == (106 if "back after 60 s" in fault.name else 0), fault.name
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
    assert aws.StoreRefuses(lasts_s=15.0).most_told == 2 * (2 + 7)
    assert aws.Unreachable(lasts_s=10.0).most_told == 2 * (1 + 2)


def test_an_engine_that_is_away_costs_what_nobody_waits_for_that_long() -> None:
    most = {
        fault.order: fault.most_told
        for fault in engine.ALL
        if isinstance(fault, Errs) and fault.service != "transcriber"
    }
    assert most == {
        "errors": 5,
        "throttled": 33,
        "throttled by AWS": 5,
        "empty": 3,
        "clips empty": 22,
        "clips 30 s long": 32,
    }
    assert Errs(service="translator", order="errors", lasts_s=3.0).most_told == 0


def test_a_speaker_s_machine_takes_no_more_with_it_than_was_said_until_another_is_there() -> None:
    assert {fault.name: (fault.most_told, fault.most_missing_s) for fault in speaker.ALL} == {
        "speakers' machines: die with 2 s unsent, back after 6 s": (2, 9),
        "speakers: cut off for 12 s with room for 5 s": (2, 13),
    }
    assert all(not fault.most_missing_s for fault in ALL if not isinstance(fault, speaker.Unsaved))


def test_what_may_be_told_of_is_reckoned_for_as_many_lanes_as_there_are() -> None:
    heard = sum(map(len, WHOLE.hear))
    assert (heard + sum(map(len, WHOLE.read)), heard) == (CAPTION_LANES, SPEECH_LANES)


def test_talks_go_on_until_all_can_be_seen_to_be_as_before() -> None:
    assert broker.Gone(lasts_s=60.0).longer_s == 13 + 60 + 60
    assert HalfOpen(whose="listeners").longer_s == 12
    assert BrokerFull().longer_s == 15 + 5 + 5 + 15
    assert Several(of=(HalfOpen(whose="listeners"), broker.Gone(lasts_s=60.0))).settles_s == 12
