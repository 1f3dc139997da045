"""Engines that talk nonsense do so, and only when they are told."""

from pathlib import Path

import pytest

from services.common.contracts import SAMPLE_RATE
from services.common.errors import EngineRejected
from services.transcriber.ports import HeardWord, Hypothesis
from services.transcriber.sanity import Nonsense, require_sense
from services.translator.local import sound
from tests.faults.engines import Orders
from tests.faults.engines.nonsense import ORDERS, said_instead, spoiled

HEARD = Hypothesis(words=(HeardWord("w0", 9000, 9300), HeardWord("w1", 9300, 9600)), heard_ms=10_000)


def test_without_an_order_nothing_is_spoiled() -> None:
    assert spoiled("", HEARD) == [HEARD]
    assert all(spoiled(order, HEARD) != [HEARD] for order in ORDERS)


@pytest.mark.parametrize("order", ["times go back", "30 s long"])
def test_times_that_can_t_be_true_are_taken_for_nonsense(order: str) -> None:
    (spoilt,) = spoiled(order, HEARD)
    with pytest.raises(Nonsense):
        require_sense(spoilt, 10_000)


def test_a_voice_says_nothing_or_for_half_a_minute_only_when_it_is_told() -> None:
    nothing, long = said_instead("clips empty"), said_instead("clips 30 s long")
    assert said_instead("") is said_instead("errors") is None
    assert nothing is not None
    assert long is not None
    with pytest.raises(EngineRejected):
        sound.clip(nothing, SAMPLE_RATE)
    assert sound.clip(long, SAMPLE_RATE).duration_ms == pytest.approx(30_000, abs=100)


def test_an_order_holds_until_it_is_withdrawn_and_what_was_done_is_counted(tmp_path: Path) -> None:
    given, read = Orders(tmp_path / "orders"), Orders(tmp_path / "orders")
    given.give("errors")
    assert read.current == "errors"
    read.done()
    given.withdraw()
    assert (read.current, given.times) == ("", 1)
