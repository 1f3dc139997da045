"""The frame codec and the rules of the floor, with properties."""

import itertools
import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.contracts import SAMPLE_RATE
from services.common.frames import MAX_SAMPLE, MAX_SAMPLES, MalformedFrame, WireFrame, pack, unpack
from services.ingest.floor import Allowance, OutOfOrder, Position, plausible_capture_ms, sample_at

CASES = json.loads((Path(__file__).parents[2] / "data" / "frames" / "cases.json").read_text(encoding="utf-8"))

frames = st.builds(
    WireFrame,
    seq=st.integers(0, 2**32 - 1),
    first_sample=st.integers(0, MAX_SAMPLE),
    captured_at_ms=st.floats(allow_nan=False, allow_infinity=False),
    pcm=st.integers(1, MAX_SAMPLES).flatmap(lambda samples: st.just(bytes(2 * samples))),
)


@given(frames)
def test_a_frame_survives_the_wire(frame: WireFrame) -> None:
    assert unpack(pack(frame)) == frame


@pytest.mark.parametrize("case", CASES)
def test_a_frame_is_on_the_wire_as_in_the_cases_shared_with_the_web_pages(case: dict[str, Any]) -> None:
    pcm = struct.pack(f"<{len(case['samples'])}h", *case["samples"])
    frame = WireFrame(case["seq"], case["first_sample"], case["captured_at_ms"], pcm)
    message = bytes.fromhex(case["message"])
    assert (pack(frame), unpack(message)) == (message, frame)


@given(st.binary(max_size=200))
def test_any_message_is_a_frame_or_malformed(message: bytes) -> None:
    try:
        frame = unpack(message)
    except MalformedFrame:
        return
    assert 1 <= frame.samples <= MAX_SAMPLES
    assert math.isfinite(frame.captured_at_ms)


@given(frames, st.integers(0, 19))
def test_a_header_that_is_cut_is_malformed(frame: WireFrame, kept: int) -> None:
    with pytest.raises(MalformedFrame):
        unpack(pack(frame)[:kept])


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-500, 500), st.integers(1, 400)), max_size=40))
def test_whatever_comes_the_frames_that_are_accepted_are_gapless_and_do_not_overlap(
    steps: list[tuple[int, int, int]],
) -> None:
    position = Position()
    accepted: list[WireFrame] = []
    for seq_off, sample_off, samples in steps:
        seq, sample = max(0, position.next_seq + seq_off), max(0, position.next_sample + sample_off)
        frame = WireFrame(seq, sample, 0.0, bytes(2 * samples))
        before = Position(position.next_seq, position.next_sample)
        try:
            if position.accepts(frame):
                accepted.append(frame)
            else:
                assert position == before
        except OutOfOrder:
            assert position == before
    assert [frame.seq for frame in accepted] == list(range(len(accepted)))
    for one, following in itertools.pairwise(accepted):
        assert one.first_sample + one.samples <= following.first_sample


@given(st.integers(1, 60), st.integers(100, 1600))
def test_resending_from_any_frame_accepts_each_frame_once(count: int, samples: int) -> None:
    talk = [WireFrame(seq, seq * samples, 0.0, bytes(2 * samples)) for seq in range(count)]
    position = Position()
    for start in range(count):
        accepted = [frame.seq for frame in talk[: start + 1] if position.accepts(frame)]
        assert accepted == [start]


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=300))
def test_real_time_is_always_allowed(lengths: list[float]) -> None:
    allowance, at_s = Allowance(burst_s=2.0, rate=1.5), 100.0
    for length in lengths:
        samples = int(length * SAMPLE_RATE)
        at_s += length
        assert allowance.takes(samples, at_s)


@given(st.floats(2.5, 20.0))
def test_faster_than_the_rate_is_refused_in_the_end(speed: float) -> None:
    allowance = Allowance(burst_s=5.0, rate=2.0)
    taken = [allowance.takes(SAMPLE_RATE // 10, number * 0.1 / speed) for number in range(1000)]
    assert not all(taken)
    assert sum(taken) * 0.1 <= 5.0 + 2.0 * 100.0 / speed + 0.2


@given(st.floats(0, 1e13), st.floats())
def test_a_capture_time_is_never_far_from_the_arrival(received_at_ms: float, captured_at_ms: float) -> None:
    at = plausible_capture_ms(captured_at_ms, received_at_ms)
    assert -2_000 <= received_at_ms - at <= 120_000


def test_no_talk_has_reached_the_sample_that_is_told_where_the_floor_is_unknown() -> None:
    assert sample_at(1_000.0, 61_000.0) == 60 * SAMPLE_RATE
    assert sample_at(1_000.0, 0.0) == 0


def test_frames_of_one_sample_can_not_come_by_the_thousand() -> None:
    allowance = Allowance(burst_s=1.0, rate=1.0)
    assert sum(allowance.takes(1, 0.0) for _ in range(10_000)) == pytest.approx(100, abs=1)
