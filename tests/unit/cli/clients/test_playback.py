"""What a listener hears, for any order and timing of arrivals."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.clients.playback import (
    CATCH_UP,
    PATIENCE_MS,
    START_DELAY_MS,
    ArrivedClip,
    catch_up_rate,
    render,
    schedule,
    wsola,
)

_EPOCH = 1_700_000_000_000.0


@st.composite
def arrivals(draw: st.DrawFn) -> list[ArrivedClip]:
    """Clips noticed in any order, some twice, some missing, some without sound, each ready after it was noticed."""
    indexes = draw(st.lists(st.integers(0, 25), min_size=1, max_size=25))
    clips = []
    for index in indexes:
        noticed = _EPOCH + draw(st.floats(0, 40_000))
        ready = noticed + draw(st.floats(0, 3_000))
        clips.append(ArrivedClip(index, noticed, ready, draw(st.sampled_from([0.0, 300.0, 2_000.0, 6_000.0]))))
    return sorted(clips, key=lambda clip: clip.noticed_at_ms)


@given(arrivals())
def test_clips_never_overlap(clips: list[ArrivedClip]) -> None:
    played = schedule(clips)
    assert all(before.end_ms <= after.start_ms for before, after in itertools.pairwise(played))


@given(arrivals())
def test_clips_are_heard_in_order_and_none_twice(clips: list[ArrivedClip]) -> None:
    heard = [item.index for item in schedule(clips)]
    assert heard == sorted(set(heard))


@given(arrivals())
def test_no_clip_is_heard_before_it_is_ready(clips: list[ArrivedClip]) -> None:
    first = {clip.index: clip for clip in reversed(clips)}
    for item in schedule(clips):
        assert item.start_ms >= first[item.index].ready_at_ms + START_DELAY_MS


@given(arrivals())
def test_a_clip_lasts_its_duration_at_its_rate(clips: list[ArrivedClip]) -> None:
    first = {clip.index: clip for clip in reversed(clips)}
    for item in schedule(clips):
        assert item.end_ms - item.start_ms == pytest.approx(first[item.index].duration_ms / item.rate, abs=0.01)
        assert item.rate in {1.0, *(rate for _, rate in CATCH_UP)}


@given(st.permutations(range(8)))
def test_every_clip_is_heard_when_all_arrive_within_the_patience(order: list[int]) -> None:
    clips = [
        ArrivedClip(index, _EPOCH + 100 * place, _EPOCH + 100 * place + 10, 500.0)
        for place, index in enumerate([0, *(index for index in order if index)])
    ]
    assert [item.index for item in schedule(clips)] == list(range(8))


def test_clips_that_are_there_play_end_to_end() -> None:
    clips = [ArrivedClip(index, _EPOCH, _EPOCH + 5, 800.0) for index in range(4)]
    played = schedule(clips)
    assert played[0].start_ms == _EPOCH + 5 + START_DELAY_MS
    assert [after.start_ms - before.end_ms for before, after in itertools.pairwise(played)] == [0, 0, 0]


def test_a_missing_index_is_skipped_after_the_patience_and_not_heard_later() -> None:
    clips = [
        ArrivedClip(0, _EPOCH, _EPOCH, 500.0),
        ArrivedClip(2, _EPOCH + 100, _EPOCH + 100, 500.0),
        ArrivedClip(1, _EPOCH + 5_000, _EPOCH + 5_000, 500.0),
    ]
    played = schedule(clips)
    assert [item.index for item in played] == [0, 2]
    assert played[1].start_ms == _EPOCH + 100 + PATIENCE_MS + START_DELAY_MS


def test_an_index_that_has_no_speech_is_not_waited_for() -> None:
    clips = [ArrivedClip(index, _EPOCH + at, _EPOCH + at, 500.0) for index, at in [(1, 0), (4, 2_000)]]
    played = schedule(clips, silent={0, 2, 3})
    assert [item.index for item in played] == [1, 4]
    assert played[1].start_ms == _EPOCH + 2_000 + START_DELAY_MS


@pytest.mark.parametrize(
    ("backlog_ms", "rate"), [(0, 1.0), (4_000, 1.0), (4_001, 1.1), (6_001, 1.25), (10_001, 1.4), (60_000, 1.4)]
)
def test_the_more_speech_waits_the_faster_it_plays(backlog_ms: float, rate: float) -> None:
    assert catch_up_rate(backlog_ms) == rate


@pytest.mark.parametrize("rate", [1.1, 1.25, 1.4])
def test_faster_speech_is_shorter_and_keeps_its_pitch(rate: float) -> None:
    sample_rate = 24_000
    tone = np.sin(2 * np.pi * 200 * np.arange(2 * sample_rate) / sample_rate).astype(np.float32)
    faster = wsola(tone, rate, sample_rate)
    assert faster.size == int(tone.size / rate)
    middle = faster[4_800:28_800]
    crossings = np.count_nonzero((middle[:-1] < 0) & (middle[1:] >= 0))
    assert abs(crossings - 200) < 4


def test_the_rendered_speech_has_each_clip_where_it_was_heard() -> None:
    tone = np.full(8_000, 0.5, np.float32)
    played = schedule([ArrivedClip(0, _EPOCH, _EPOCH, 500.0), ArrivedClip(1, _EPOCH + 2_000, _EPOCH + 2_000, 500.0)])
    sound = render(played, {0: (tone, 16_000), 1: (tone, 16_000)}, _EPOCH - 1_000, 16_000)
    loud = np.flatnonzero(sound > 0.4)
    assert loud[0] == round(1.020 * 16_000)
    assert np.count_nonzero(sound > 0.4) == 16_000
    assert sound[round(2.5 * 16_000)] == 0
