"""From when captions and speech came to how long a fault was felt, and by whom."""

from pathlib import Path

from tests.faults.auditor.evidence import Played, ToldCaption, read
from tests.faults.auditor.talk import Talk, of_each_session
from tests.faults.lags import Lag, Moments, caption_lags, late_beside, normal_after_s, speech_lags, worst_s

FAULT = Moments(injected_at_ms=10_000, over_at_ms=15_000)
RECORD = Path(__file__).parents[1] / "data" / "audit"


def came(*lags: tuple[float, float]) -> list[Lag]:
    """To a listener: when, and how long after the word."""
    return [Lag(at_ms, lag_ms) for at_ms, lag_ms in lags]


def failed(at_ms: float, lag_ms: float) -> Lag:
    return Lag(at_ms, lag_ms, failed=True)


def test_normal_is_when_the_captions_of_the_words_of_the_fault_s_time_come_no_later_than_before() -> None:
    talk = came((8_000, 2_000), (18_000, 7_000), (19_500, 4_000), (20_000, 2_500), (40_000, 9_000))
    assert normal_after_s([came((8_000, 2_000)), talk], FAULT) == 4.5


def test_captions_that_are_not_late_are_normal_at_once() -> None:
    assert normal_after_s([came((8_000, 2_000), (16_000, 2_900), (60_000, 9_000))], FAULT) == 0


def test_a_caption_that_failed_is_none_that_came_soon() -> None:
    until_then = came((8_000, 2_000), (18_000, 7_000))
    again = came((22_000, 2_000))
    assert normal_after_s([[*until_then, failed(20_000, 1_000), *again]], FAULT) == 5.0
    assert normal_after_s([[*came((8_000, 2_000)), failed(17_000, 1_000), *again]], FAULT) == 2.0


def test_a_caption_that_failed_late_before_the_fault_excuses_none_after_it() -> None:
    assert normal_after_s([[*came((8_000, 2_000)), failed(9_000, 8_000), *came((18_000, 7_000))]], FAULT) == 3.0


def test_the_worst_lag_is_that_of_any_listener_from_the_injection_on() -> None:
    assert worst_s([came((9_999, 9_000)), came((10_000, 2_000), (12_000, 6_500)), []], FAULT) == 6.5
    assert worst_s([], FAULT) == 0


def test_a_talk_beside_may_not_be_late_in_the_fault_s_time() -> None:
    before = (8_000, 2_500)
    assert late_beside([came(before, (12_000, 3_400), (16_000, 3_500))], FAULT) == 0
    assert late_beside([came(before, (12_000, 3_600), (16_000, 8_000))], FAULT) == 2
    assert late_beside([came(before, (40_000, 3_600))], FAULT) == 0


def test_a_talk_beside_that_began_with_quick_captions_may_have_usual_ones() -> None:
    assert late_beside([came((8_000, 400), (12_000, 2_900))], FAULT) == 0


def recorded() -> Talk:
    (talk,) = of_each_session(read(RECORD))
    return talk


def test_of_a_record_every_caption_and_every_clip_that_was_heard_has_its_lag() -> None:
    talk = recorded()
    (heard,) = [lags for lags in speech_lags(talk) if lags]
    assert len(heard) == len(talk.of(Played))
    assert sum(map(len, caption_lags(talk))) == len(talk.of(ToldCaption))
    captions = {len(lags): lags for lags in caption_lags(talk)}
    assert all(0 < one.lag_ms < 10_000 for lags in captions.values() for one in lags)
    assert min(one.lag_ms for one in heard) > min(one.lag_ms for lags in captions.values() for one in lags)
