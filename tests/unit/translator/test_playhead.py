"""The virtual playhead, and how fast speech catches up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.translator.playhead import Pace, Playhead


def test_clips_follow_each_other() -> None:
    playhead = Playhead()
    playhead.measured(0, ready_at_ms=100, duration_ms=1000)
    playhead.measured(1, ready_at_ms=200, duration_ms=500)
    assert playhead.backlog_ms(300) == 1300


def test_a_late_clip_leaves_a_gap() -> None:
    playhead = Playhead()
    playhead.measured(0, ready_at_ms=0, duration_ms=1000)
    playhead.measured(1, ready_at_ms=5000, duration_ms=500)
    assert playhead.backlog_ms(5000) == 500


def test_a_plan_counts_until_the_clip_is_measured() -> None:
    playhead = Playhead()
    playhead.plan(0, ready_at_ms=0, duration_ms=3000)
    assert playhead.backlog_ms(0) == 3000
    assert playhead.ready_ms(0) == 0
    playhead.measured(0, ready_at_ms=0, duration_ms=1000)
    assert playhead.backlog_ms(0) == playhead.ready_ms(0) == 1000


def test_a_clip_that_failed_takes_no_time() -> None:
    playhead = Playhead()
    playhead.plan(0, ready_at_ms=0, duration_ms=3000)
    playhead.measured(0, ready_at_ms=0, duration_ms=0)
    assert playhead.backlog_ms(0) == 0


clips = st.lists(st.tuples(st.floats(0, 1e5), st.floats(1, 1e4)), max_size=20)


@given(clips=clips, now=st.floats(0, 2e5))
def test_remaining_speech_is_never_more_than_all_of_it_nor_less_than_the_last_clip(
    clips: list[tuple[float, float]], now: float
) -> None:
    playhead = Playhead()
    for index, (ready, duration) in enumerate(clips):
        playhead.measured(index, ready, duration)
    latest = max((ready for ready, _ in clips), default=0.0)
    total = sum(duration for _, duration in clips)
    assert playhead.backlog_ms(now) <= max(0.0, latest - now) + total + 1e-6
    if clips:
        ready, duration = clips[-1]
        assert playhead.backlog_ms(now) >= ready + duration - now - 1e-6


@given(clips=clips)
def test_with_exact_plans_measuring_changes_nothing(clips: list[tuple[float, float]]) -> None:
    planned, measured = Playhead(), Playhead()
    for index, clip in enumerate(clips):
        planned.plan(index, *clip)
        measured.measured(index, *clip)
    assert planned.backlog_ms(0) == pytest.approx(measured.backlog_ms(0))


def test_estimates_follow_the_voice() -> None:
    playhead = Playhead()
    text = "uma frase de tamanho médio"
    for _ in range(30):
        playhead.learn(text, duration_ms=4000 / 1.25, rate=1.25)
    assert playhead.estimate_ms(text) == pytest.approx(4000, rel=0.02)


@given(backlog=st.floats(0, 60_000), more=st.floats(0, 60_000), clip=st.floats(0, 20_000), most=st.floats(1, 2))
def test_speech_gets_faster_with_the_backlog_up_to_the_limit(
    backlog: float, more: float, clip: float, most: float
) -> None:
    pace = Pace(most=most, most_far_behind=max(most, 1.7))
    assert 1 <= pace.rate(backlog, clip) <= pace.rate(backlog + more, clip) <= max(most, 1.7)


def test_without_backlog_a_short_clip_has_the_voice_s_own_pace() -> None:
    assert Pace().rate(Pace().free_ms, Pace().long_clip_ms) == 1


def test_a_long_clip_is_faster_since_it_makes_others_wait() -> None:
    assert Pace().rate(0, 6000) > 1.3


def test_only_far_behind_speech_passes_the_ordinary_limit() -> None:
    pace = Pace()
    assert pace.rate(pace.far_behind_ms, 0) == pace.most
    assert pace.rate(60_000, 0) == pace.most_far_behind
