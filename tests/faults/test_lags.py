"""From when captions and speech came to how long a fault was felt, and by whom."""

from pathlib import Path

from msgspec.structs import replace

from tests.faults.auditor.evidence import Played, ToldCaption, ToldSpeech, read
from tests.faults.auditor.talk import Talk, of_each_session
from tests.faults.lags import (
    CAPTIONS_MS,
    SPEECH_MS,
    Lag,
    Moments,
    Normal,
    caption_lags,
    late_beside,
    normal,
    speech_lags,
    worst_s,
)

FAULT = Moments(injected_at_ms=10_000, over_at_ms=15_000)
RECORD = Path(__file__).parents[1] / "data" / "audit"


def came(*lags: tuple[float, float]) -> list[Lag]:
    """To a listener: when, and how long after the word."""
    return [Lag(at_ms, lag_ms) for at_ms, lag_ms in lags]


def failed(at_ms: float, lag_ms: float) -> Lag:
    return Lag(at_ms, lag_ms, failed=True)


def again(from_ms: float) -> list[Lag]:
    """All is as before."""
    return came(*((from_ms + 1500 * number, 1_500) for number in range(5)))


def captions(*listeners: list[Lag]) -> Normal:
    return normal(listeners, FAULT, CAPTIONS_MS)


def speech(*listeners: list[Lag]) -> Normal:
    return normal(listeners, FAULT, SPEECH_MS)


BEFORE = came((8_000, 2_000))


def test_normal_is_when_the_captions_of_the_words_of_the_fault_s_time_come_no_later_than_before() -> None:
    late = came((18_000, 7_000), (19_500, 4_000))
    assert captions(again(16_000), [*BEFORE, *late, *again(20_000), *came((40_000, 9_000))]) == Normal(4.5, seen=True)


def test_captions_that_are_not_late_are_normal_at_once() -> None:
    assert captions([*BEFORE, *came((16_000, 2_900)), *again(17_000), *came((60_000, 9_000))]) == Normal(0, seen=True)


def test_a_few_soon_ones_before_the_fault_do_not_make_usual_ones_late() -> None:
    soon = came((8_000, 400))
    assert captions([*soon, *came((16_000, 2_900)), *again(17_000)]).after_s == 0
    assert captions([*soon, *came((16_000, 3_100)), *again(17_000)]).after_s == 1.0


def test_a_single_one_in_time_ends_no_lateness() -> None:
    late = came(*((17_000 + 500 * number, 6_000) for number in range(15)))
    talk = [*BEFORE, *came((15_500, 5_000), (16_900, 1_000)), *late, *again(25_000)]
    assert captions(talk) == Normal(9.0, seen=True)


def test_only_those_in_a_row_count() -> None:
    twice = came((16_000, 900), (17_000, 900))
    assert captions([*BEFORE, *twice, *came((18_000, 5_000)), *again(20_000)[:2]]) == Normal(3.0, seen=False)


def test_what_was_said_before_the_fault_s_end_and_came_in_time_proves_nothing() -> None:
    in_flight = came((15_100, 900), (15_200, 900), (15_300, 900))
    assert captions([*BEFORE, *in_flight, *came((22_000, 6_900)), *again(23_000)]) == Normal(7.0, seen=True)


def test_nothing_at_all_after_the_fault_is_not_normal() -> None:
    assert captions(BEFORE) == Normal(0, seen=False)
    assert captions([*BEFORE, *again(16_000)], BEFORE) == Normal(0, seen=False)


def test_a_talk_that_ends_before_enough_came_in_time_was_not_seen_to_be_normal() -> None:
    assert captions([*BEFORE, *came((18_000, 7_000)), *again(20_000)[:2]]) == Normal(3.0, seen=False)
    assert captions([*BEFORE, *came((18_000, 7_000)), *again(20_000)[:3]]) == Normal(3.0, seen=True)


def test_speech_that_stays_late_is_not_normal_though_captions_are() -> None:
    minutes = came(*((16_000 + 2_000 * number, 600_000) for number in range(10)))
    assert speech([*BEFORE, *minutes]) == Normal(19.0, seen=False)
    assert speech([*BEFORE, *came((16_000, 9_000), (18_000, 7_900), (20_000, 5_000)), *again(22_000)]).after_s == 1.0


def test_a_caption_that_failed_is_none_that_came_soon() -> None:
    until_then = [*BEFORE, *came((18_000, 7_000))]
    assert captions([*until_then, failed(20_000, 1_000), *again(22_000)]).after_s == 5.0
    assert captions([*BEFORE, failed(17_000, 1_000), *again(22_000)]).after_s == 2.0


def test_a_caption_that_failed_late_before_the_fault_excuses_none_after_it() -> None:
    assert captions([*BEFORE, failed(9_000, 8_000), *came((18_000, 7_000)), *again(20_000)]).after_s == 3.0


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


def test_who_hears_and_heard_nothing_is_among_those_whose_speech_is_judged() -> None:
    silent = Talk("s", [line for line in read(RECORD) if not isinstance(line, Played)])
    assert speech_lags(silent) == [[]]
    assert not normal(speech_lags(silent), FAULT, SPEECH_MS).seen


def test_a_clip_that_could_not_be_made_is_one_that_failed_once_however_often_it_is_told() -> None:
    lines = read(RECORD)
    told = next(line for line in lines if isinstance(line, ToldSpeech))
    never = replace(told, clip=False, failed="speech unavailable")
    without = [line for line in lines if not (isinstance(line, Played | ToldSpeech) and line.index == told.index)]
    (heard,) = speech_lags(Talk("s", [*without, never, replace(never, at_ms=never.at_ms + 5_000)]))
    assert [one.at_ms for one in heard if one.failed] == [told.at_ms]
