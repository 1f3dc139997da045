"""Whatever crashes, is paused or taken over, in whatever order: nothing is lost, repeated or out of order."""

import pytest

from tests.faults.model import Rules, search


def test_no_interleaving_of_crash_rebalance_and_replay_harms_the_output() -> None:
    assert search(Rules()) is None


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        pytest.param(Rules(fences=False), "repeated", id="a paused worker is not fenced"),
        pytest.param(
            Rules(takeover=("restore", "fence", "seek")), "repeated", id="the output is read before the fence"
        ),
        pytest.param(Rules(takeover=("fence", "seek")), "repeated", id="the output is not read"),
        pytest.param(Rules(pauses=False), "lost", id="records are read during the takeover"),
        pytest.param(Rules(settles=False), "lost", id="the offset of the next record is committed"),
        pytest.param(Rules(together=False), "lost", id="output and offset are committed apart"),
    ],
)
def test_each_rule_is_needed(rules: Rules, wrong: str) -> None:
    found = search(rules)
    assert found is not None
    assert found.wrong.startswith(wrong), found


def test_an_offset_asked_for_before_the_fence_only_means_a_longer_replay() -> None:
    assert search(Rules(takeover=("seek", "fence", "restore"))) is None
