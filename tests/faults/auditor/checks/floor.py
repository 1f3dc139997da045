"""Captured, acknowledged, on the topic ``audio``: every sample, unchanged."""

import re
from collections.abc import Iterator
from itertools import pairwise

from tests.faults.auditor.evidence import SAMPLES_PER_MS, Acknowledged, Captured, Dropped, Frame, Perished, Reported
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk, gaps

_ROUNDED_MS = 51.0
"""A length that is told to one decimal of a second."""


def check(talk: Talk) -> Iterator[Finding]:
    """A frame may be on the topic again, as it was, after one that isn't acknowledged: nobody hears it twice."""
    yield from _captured(talk)
    yield from _acknowledged(talk)
    yield from _published(talk)
    yield from _ended(talk)


def resent(talk: Talk) -> int:
    """Frames that are on the topic more than once."""
    frames = talk.frames
    return len(frames) - len({frame.seq for frame in frames})


def _captured(talk: Talk) -> Iterator[Finding]:
    captured, where = talk.of(Captured), "microphone > captured"
    for before, after in pairwise(captured):
        if after.seq != before.seq + 1 or after.first_sample < before.first_sample + before.samples:
            yield Finding(Kind.REORDERED, where, f"frame {after.seq} after {before.seq}")
    for first, last in gaps(captured):
        gone: list[Dropped | Perished] = [*talk.of(Dropped), *talk.of(Perished)]
        known = any(first <= frame.first_sample < last for frame in gone)
        told = known and talk.is_told_missing(first / SAMPLES_PER_MS, last / SAMPLES_PER_MS)
        what = f"{(last - first) / SAMPLES_PER_MS:.0f} ms before {last / SAMPLES_PER_MS:.0f} ms"
        yield Finding(Kind.TOLD if told else Kind.LOST, where, what)
        if known and not _speaker_knows(talk, first, last):
            yield Finding(Kind.LOST, "captured > speaker", f"that so much is missing: {what}")


def _speaker_knows(talk: Talk, first: int, last: int) -> bool:
    """Whether their client said so, and how much; in a record that has nothing of what it said: presumed."""
    reports = [report.text for report in talk.of(Reported)]
    dropped = sum(first <= frame.first_sample < last for frame in talk.of(Dropped))
    frames = [int(number) for text in reports for number in re.findall(r"(\d+) frames are lost", text)]
    lengths_ms = [1000 * float(number) for text in reports for number in re.findall(r"([\d.]+) s before this", text)]
    length_ms = (last - first) / SAMPLES_PER_MS
    return not reports or dropped in frames or any(abs(told - length_ms) <= _ROUNDED_MS for told in lengths_ms)


def _acknowledged(talk: Talk) -> Iterator[Finding]:
    reached = max((ack.seq for ack in talk.of(Acknowledged)), default=-1)
    for frame in talk.of(Captured):
        if frame.seq > reached:
            yield Finding(Kind.LOST, "captured > acknowledged", f"frame {frame.seq}")


def _published(talk: Talk) -> Iterator[Finding]:
    where = "captured > audio"
    captured = {frame.seq: frame for frame in talk.of(Captured)}
    first: dict[int, Frame] = {}
    for frame in talk.frames:
        original = captured.get(frame.seq)
        if original is None:
            yield Finding(Kind.ALTERED, where, f"frame {frame.seq} was never captured")
        elif (frame.first_sample, frame.samples, frame.digest) != (
            original.first_sample,
            original.samples,
            original.digest,
        ):
            yield Finding(Kind.ALTERED, where, f"frame {frame.seq}")
        if frame.seq not in first:
            if frame.seq < max(first, default=-1):
                yield Finding(Kind.REORDERED, where, f"frame {frame.seq} came after {max(first)}")
            first[frame.seq] = frame
    for seq in captured:
        if seq not in first:
            yield Finding(Kind.LOST, where, f"frame {seq}")


def _ended(talk: Talk) -> Iterator[Finding]:
    where = "spoken > audio"
    marks = [frame for frame in talk.of(Frame) if frame.mark == "end"]
    if not marks:
        yield Finding(Kind.LOST, where, "the mark of the end")
        return
    late = [frame for frame in talk.frames if frame.offset > marks[0].offset]
    if late:
        yield Finding(Kind.REORDERED, where, f"the end came before frame {late[0].seq}")
    if abs(marks[0].first_sample / SAMPLES_PER_MS - talk.floor_ms) > 1:
        yield Finding(Kind.ALTERED, where, f"the end is at {marks[0].first_sample / SAMPLES_PER_MS:.0f} ms")
