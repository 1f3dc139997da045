"""Audio for which no stream was free: marked in its place, as long as it is, once, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.contracts import Final, Finished, Frame, Mark, Transcript
from services.common.kafka import Received
from services.transcriber.processor import Transcriber
from services.transcriber.streams import Limits, Streams
from tests.figures import figures
from tests.unit.transcriber.scripted import (
    FRAME_MS,
    FRAME_SAMPLES,
    Outbox,
    ScriptedRecognizer,
    frame,
    received,
    restorable,
    until,
)

MISSING = "dragoman_transcriber_missing_seconds_total"


class Owner:
    """A partition's processor."""

    def __init__(self, outbox: Outbox, limits: Limits, streams: int = 1) -> None:
        self.transcriber = Transcriber(ScriptedRecognizer(), outbox, Streams(streams), limits)  # type: ignore[arg-type]
        self.position = 0

    async def hear(self, *frames: Frame) -> None:
        for item in received(frames, self.position):
            await self.transcriber.handle(item)
            self.position = item.offset + 1

    @property
    def settled(self) -> int:
        return self.transcriber.settled(self.position)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def owner(outbox: Outbox) -> AsyncIterator[Owner]:
    """With one stream, which session "other" has."""
    made = Owner(outbox, Limits(idle_s=60))
    await made.hear(frame(0, session="other"))
    yield made
    await made.transcriber.close()


def marks(records: list[Transcript], session: str = "s1") -> list[tuple[float, float]]:
    return [
        (one.missing.start_ms, one.missing.end_ms)
        for one in records
        if isinstance(one, Final) and one.session_id == session and one.missing and not one.words
    ]


def after_a_gap(at: int, halves: int) -> Frame:
    """The frame at half-second ``at``, before which so many never came."""
    return msgspec.structs.replace(frame(at), missing_samples=halves * FRAME_SAMPLES)


async def test_a_talk_that_ends_before_a_stream_is_free_says_how_long_it_was_not_heard(
    owner: Owner, outbox: Outbox
) -> None:
    async with figures() as figure:
        await owner.hear(*map(frame, range(7)), frame(7, mark=Mark.END))
        await until(lambda: bool(outbox.finished))
        assert await figure.grown(MISSING) == {("refused",): pytest.approx(3.5)}
    assert marks(outbox.records) == [(0, 3500)]
    assert outbox.records[-1] == outbox.finished[0]


async def test_what_was_refused_is_marked_up_to_a_pause_and_the_pause_is_not(owner: Owner, outbox: Outbox) -> None:
    await owner.hear(frame(0), frame(1), frame(2, mark=Mark.PAUSE), frame(20), frame(21, mark=Mark.END))
    await until(lambda: bool(outbox.finished))
    assert marks(outbox.records) == [(0, 1000), (10_000, 10_500)]


async def test_what_never_came_amid_what_was_refused_is_marked_apart(owner: Owner, outbox: Outbox) -> None:
    async with figures() as figure:
        await owner.hear(frame(0), after_a_gap(5, 4), frame(6), frame(7, mark=Mark.END))
        await until(lambda: bool(outbox.finished))
        assert await figure.grown(MISSING) == {("refused",): pytest.approx(1.5), ("never came",): pytest.approx(2.0)}
    assert marks(outbox.records) == [(0, 500), (500, 2500), (2500, 3500)]


async def test_the_offset_of_what_was_refused_is_held_until_the_mark_is_out(owner: Owner, outbox: Outbox) -> None:
    await owner.hear(*map(frame, range(4)), frame(1, session="other", mark=Mark.END))
    await until(lambda: bool(outbox.finished))
    assert (owner.settled, marks(outbox.records)) == (1, [])
    await owner.hear(frame(4))
    assert (owner.settled, marks(outbox.records)) == (6, [(0, 2000)])


async def test_what_was_marked_is_not_heard_after_a_takeover_though_a_stream_is_free_then(
    owner: Owner, outbox: Outbox
) -> None:
    await owner.hear(*map(frame, range(4)), frame(1, session="other", mark=Mark.END))
    await until(lambda: bool(outbox.finished))
    await owner.hear(frame(4))
    told = Outbox()
    after = Owner(told, Limits(idle_s=60))
    await after.transcriber.restore(restorable(outbox.records))
    try:
        await after.hear(*map(frame, range(6)), frame(6, mark=Mark.END))
        await until(lambda: bool(told.finished))
    finally:
        await after.transcriber.close()
    assert told.words == ["w5", "w6"]
    assert marks(outbox.records + told.records) == [(0, 2000)]


async def test_a_mark_after_a_takeover_begins_where_the_final_words_end_though_some_of_them_are_read_again(
    owner: Owner, outbox: Outbox
) -> None:
    """The next owner's stream is another session's, before it comes to where this one stood."""
    told = Outbox()
    after = Owner(told, Limits(idle_s=60))
    await owner.hear(*(frame(at, session="other") for at in range(1, 8)))
    await until(lambda: len(outbox.words) == 7)
    await after.transcriber.restore(restorable(outbox.records))
    try:
        await after.hear(
            frame(0), *(frame(at, session="other") for at in range(8)), frame(8, session="other", mark=Mark.END)
        )
        await until(lambda: bool(told.finished))
    finally:
        await after.transcriber.close()
    assert outbox.words == [f"w{number}" for number in range(1, 8)]
    assert marks(told.records, "other") == [(3500, 4000)]


async def test_while_no_stream_becomes_free_marks_come_piece_by_piece_and_let_the_offset_go_on(outbox: Outbox) -> None:
    owner = Owner(outbox, Limits(idle_s=0.02), streams=0)
    try:
        for at in range(3):
            await owner.hear(frame(at))
            await until_marked(outbox, at + 1)
            assert owner.settled == owner.position
    finally:
        await owner.transcriber.close()
    assert marks(outbox.records) == [(0, 500), (500, 1000), (1000, 1500)]


async def until_marked(outbox: Outbox, count: int) -> None:
    async with asyncio.timeout(5):
        while len(marks(outbox.records)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


SESSIONS = ("s0", "s1", "s2")
EVENTS = st.tuples(st.sampled_from(SESSIONS), st.sampled_from(["frame"] * 6 + ["gap", "pause"]))


def talks(events: list[tuple[str, str]]) -> list[Frame]:
    """What the partition has of three talks at once; a gap is two half-seconds that never came before a frame."""
    frames: list[Frame] = []
    places = dict.fromkeys(SESSIONS, 0)
    for session, event in [*events, *((session, "end") for session in SESSIONS)]:
        if event in ("pause", "end"):
            frames.append(frame(places[session], session=session, mark=Mark(event)))
            places[session] += 3
            continue
        gap = 2 if event == "gap" else 0
        heard = frame(places[session] + gap, session=session)
        frames.append(msgspec.structs.replace(heard, missing_samples=gap * FRAME_SAMPLES))
        places[session] += gap + 1
    return frames


def floor(frames: list[Frame], session: str) -> list[int]:
    """The half-seconds of a session's floor of which something has to be said."""
    held: list[int] = []
    for one in frames:
        if one.session_id == session and one.mark is None:
            at = one.first_sample // FRAME_SAMPLES
            held += range(at - one.missing_samples // FRAME_SAMPLES, at + 1)
    return held


@dataclass(frozen=True)
class Step:
    """What happens after a record: the partition's tasks get some turns, then there may be a commit, or a crash."""

    turns: int
    commits: bool
    settles: bool
    crashes: bool


STEPS = st.builds(
    Step,
    turns=st.sampled_from([0, 1, 5, 40]),
    commits=st.booleans(),
    settles=st.sampled_from([False, False, True]),
    crashes=st.sampled_from([False] * 5 + [True]),
)
NO_STEP = Step(turns=0, commits=False, settles=False, crashes=False)


@given(st.lists(EVENTS, max_size=40), st.lists(STEPS, min_size=1, max_size=40))
def test_every_half_second_of_a_talk_is_final_words_or_marked_once_whoever_takes_over_when(
    events: list[tuple[str, str]], steps: list[Step]
) -> None:
    frames = talks(events)
    records = asyncio.run(_published(received(frames), steps))
    for session in SESSIONS:
        finals = [one for one in records if isinstance(one, Final) and one.session_id == session]
        assert [final.index for final in finals] == list(range(len(finals)))
        told = [int(word.text[1:]) - 1 for final in finals for word in final.words]
        for start_ms, end_ms in marks(records, session):
            told += range(round(start_ms / FRAME_MS), round(end_ms / FRAME_MS))
        assert sorted(told) == floor(frames, session)


async def _published(audio: list[Received[Frame]], steps: list[Step]) -> list[Transcript]:
    """All that is committed of these talks, through crashes: output and the offset together, the offset not always."""
    published: list[Transcript] = []
    committed = 0
    left = list(steps)
    while True:
        outbox, before = Outbox(), published
        owner = Owner(outbox, Limits(idle_s=60))
        owner.position = committed
        await owner.transcriber.restore(restorable(before))
        try:
            for item in audio[committed:]:
                await owner.transcriber.handle(item)
                owner.position = item.offset + 1
                step = left.pop(0) if left else NO_STEP
                for _ in range(step.turns):
                    await asyncio.sleep(0)
                if step.commits:
                    published = before + outbox.records
                    committed = max(committed, owner.settled if step.settles else 0)
                if step.crashes:
                    break
            else:
                await _finished(before, outbox)
                assert owner.settled == len(audio)
                return before + outbox.records
        finally:
            await owner.transcriber.close()


async def _finished(before: list[Transcript], outbox: Outbox) -> None:
    left = len(SESSIONS) - sum(isinstance(record, Finished) for record in before)
    await until(lambda: len(outbox.finished) == left)
