"""What no recognizer can have heard is told from what one can, however rough its times are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.transcriber.ports import HeardWord, Hypothesis
from services.transcriber.sanity import Nonsense, require_sense

FED_MS = 20_000.0


def heard(*spans: tuple[float, float], heard_ms: float = FED_MS) -> Hypothesis:
    words = tuple(HeardWord(f"w{at}", start_ms, end_ms) for at, (start_ms, end_ms) in enumerate(spans))
    return Hypothesis(words=words, heard_ms=heard_ms)


@pytest.mark.parametrize(
    "hypothesis",
    [
        pytest.param(heard((9000, 9500), (1000, 1500)), id="times go back"),
        pytest.param(heard((1000, 31_000)), id="a word lasts 30 s"),
        pytest.param(heard((9000, 5000)), id="a word ends before it begins"),
        pytest.param(heard((50_000, 50_500)), id="a word is later than all audio"),
        pytest.param(heard(heard_ms=60_000), id="more was heard than there is"),
        pytest.param(heard((float("nan"), 500)), id="a time that is none"),
        pytest.param(heard(heard_ms=float("nan")), id="no length"),
    ],
)
def test_nonsense_is_found(hypothesis: Hypothesis) -> None:
    with pytest.raises(Nonsense):
        require_sense(hypothesis, FED_MS)


@given(
    starts=st.lists(st.floats(0, FED_MS), max_size=9).map(sorted),
    off=st.lists(st.floats(-900, 900), min_size=9, max_size=9),
    lasts=st.floats(0, 14_000),
)
def test_rough_times_are_no_nonsense(starts: list[float], off: list[float], lasts: float) -> None:
    require_sense(heard(*((start + by, start + by + lasts) for start, by in zip(starts, off, strict=False))), FED_MS)
