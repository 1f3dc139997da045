"""Where speech begins and ends."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from services.transcriber.local.turns import LEAD_SAMPLES, Stretch, Turns

WINDOW = 512


def turns(*probabilities: float, endpoint_windows: int = 3, first: int = 16_000) -> Turns:
    made = Turns(endpoint_windows * WINDOW, heard=first)
    for probability in probabilities:
        made.hear(WINDOW, probability)
    return made


def test_speech_begins_a_little_before_it_is_noticed() -> None:
    assert turns(0.1, 0.9).onset == 16_000 + WINDOW - LEAD_SAMPLES


def test_a_hesitation_ends_nothing() -> None:
    made = turns(0.9, 0.1, 0.1, 0.9, 0.1, 0.1)
    assert made.onset is not None
    assert made.take() is None


def test_enough_silence_ends_the_stretch_once() -> None:
    made = turns(0.9, 0.9, 0.1, 0.1, 0.1)
    assert made.onset is None
    assert made.take() == Stretch(16_000 - LEAD_SAMPLES, 16_000 + 5 * WINDOW)
    assert made.take() is None


def test_what_is_half_speech_goes_on_but_does_not_begin() -> None:
    assert turns(0.4).onset is None
    assert turns(0.9, 0.4, 0.4, 0.4, 0.4).onset is not None


def test_a_stretch_that_nobody_took_is_taken_with_the_next() -> None:
    made = turns(0.9, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1)
    assert made.take() == Stretch(16_000 - LEAD_SAMPLES, 16_000 + 8 * WINDOW)


def test_silence_has_no_stretch_to_end() -> None:
    made = turns(0.1, 0.1)
    made.end()
    assert made.take() is None


@given(st.lists(st.floats(0, 1), max_size=60))
def test_stretches_follow_each_other_and_all_speech_is_in_one(probabilities: list[float]) -> None:
    made = turns(first=16_000)
    taken: list[Stretch] = []
    for probability in probabilities:
        made.hear(WINDOW, probability)
        if (stretch := made.take()) is not None:
            taken.append(stretch)
    made.end()
    last = made.take()
    taken += [last] if last else []
    assert all(stretch.onset < stretch.end for stretch in taken)
    assert all(a.end <= b.onset + LEAD_SAMPLES for a, b in itertools.pairwise(taken))
    for place, probability in enumerate(probabilities):
        if probability > 0.5:
            at = 16_000 + place * WINDOW
            assert any(stretch.onset < at + WINDOW <= stretch.end for stretch in taken)
