"""Sessions of a partition over a recognizer that reads what the audio of the tests spells."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from structlog.testing import capture_logs

from services.common import stages
from services.common.contracts import Final, Frame, Mark, Stretch, Transcript
from services.common.errors import EngineError, EngineRejected, EngineUnavailable, Fatal, RecordRefused
from services.common.kafka import Received
from services.transcriber import patience as patience_module
from services.transcriber.processor import Transcriber
from services.transcriber.streams import Limits, Streams
from tests.unit.transcriber.scripted import (
    EPOCH_MS,
    FRAME_SAMPLES,
    Outbox,
    ScriptedRecognizer,
    frame,
    received,
    restorable,
    until,
)


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience_module, "_FIRST_WAIT_S", 0.001)


@pytest.fixture
def recognizer() -> ScriptedRecognizer:
    return ScriptedRecognizer()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


class Partition:
    """A processor with its next offset."""

    def __init__(self, recognizer: ScriptedRecognizer, outbox: Outbox, limits: Limits, streams: int) -> None:
        self.transcriber = Transcriber(recognizer, outbox, Streams(streams), limits)  # type: ignore[arg-type]
        self.position = 0
        self.refused: list[str] = []

    async def hear(self, *frames: Frame) -> None:
        await self.replay(received(frames, self.position))

    async def replay(self, items: list[Received[Frame]]) -> None:
        for item in items:
            try:
                await self.transcriber.handle(item)
            except RecordRefused as fault:
                self.refused.append(str(fault))
            self.position = item.offset + 1

    @property
    def settled(self) -> int:
        return self.transcriber.settled(self.position)


@pytest.fixture
async def partitions(recognizer: ScriptedRecognizer, outbox: Outbox) -> AsyncIterator[list[Partition]]:
    """All that a test makes are closed after it."""
    made: list[Partition] = []
    yield made
    for partition in made:
        await partition.transcriber.close()


@pytest.fixture
def partition(partitions: list[Partition], recognizer: ScriptedRecognizer, outbox: Outbox) -> Partition:
    partitions.append(Partition(recognizer, outbox, Limits(idle_s=60), streams=8))
    return partitions[0]


def words(first: int, last: int) -> list[str]:
    return [f"w{number}" for number in range(first, last + 1)]


END = Mark.END


class Always(dict[int, Exception]):
    """Faults that come each time."""

    def pop(self, number: int) -> Exception:  # type: ignore[override]
        return self[number]


async def test_every_word_is_published_once_and_then_that_the_session_is_over(
    partition: Partition, outbox: Outbox
) -> None:
    await partition.hear(*map(frame, range(20)), frame(20, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 20)
    assert [final.index for final in outbox.finals] == list(range(len(outbox.finals)))
    assert outbox.records[-1] is outbox.finished[0]
    assert outbox.finished[0].end_ms == 10_000


async def test_what_may_still_change_goes_out_as_partials_that_name_the_final_they_follow(
    partition: Partition, outbox: Outbox
) -> None:
    await partition.hear(*map(frame, range(3)))
    await until(lambda: outbox.words == words(1, 2))
    await until(lambda: [word.text for word in outbox.partials[-1].words] == ["w3"])
    assert outbox.partials[-1].follows == outbox.finals[-1].index


async def test_a_final_tells_where_its_last_word_spent_its_time(partition: Partition, outbox: Outbox) -> None:
    await partition.hear(*map(frame, range(3)))
    await until(lambda: bool(outbox.finals))
    final = outbox.finals[0]
    assert final.floor_epoch_ms == EPOCH_MS
    assert final.stages[stages.CAPTURE] == 7
    assert final.stages[stages.AUDIO_TOPIC] == 3
    decode_began_ms = EPOCH_MS + 1000 + 40
    assert final.stages[stages.AGREE] == decode_began_ms - (EPOCH_MS + 500 + 7 + 3)
    assert final.stages[stages.RECOGNIZE] == pytest.approx(final.published_at_ms - decode_began_ms)


async def test_the_settled_offset_is_where_the_context_of_the_last_final_begins(
    partition: Partition, outbox: Outbox
) -> None:
    assert partition.settled == 0
    await partition.hear(*map(frame, range(10)))
    await until(lambda: outbox.words == words(1, 9))
    assert partition.settled == 7  # word 9 ends at 4.5 s; a second before it ends frame 6


async def test_after_the_end_nothing_is_held(partition: Partition, outbox: Outbox) -> None:
    await partition.hear(*map(frame, range(3)), frame(3, mark=END))
    await until(lambda: bool(outbox.finished))
    assert partition.settled == 4


async def test_frames_after_the_end_are_ignored(partition: Partition, outbox: Outbox) -> None:
    await partition.hear(frame(0), frame(1, mark=END))
    await until(lambda: bool(outbox.finished))
    await partition.hear(frame(1), frame(2, mark=END))
    assert partition.settled == 4
    assert len(outbox.finished) == 1


@pytest.mark.parametrize("mark", [Mark.PAUSE, Mark.MUTE])
async def test_a_pause_settles_everything_and_closes_the_stream(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer, mark: Mark
) -> None:
    await partition.hear(*map(frame, range(3)), frame(3, mark=mark))
    await until(lambda: partition.settled == 4)
    assert outbox.words == words(1, 3)
    await until(lambda: recognizer.open_streams == 0)
    await partition.hear(frame(100), frame(101, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == [*words(1, 3), "w101"]
    assert recognizer.opened == [0, 100 * 8000]


async def test_a_speaker_who_says_nothing_settles_by_silence(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    await partition.hear(*(frame(at, 0) for at in range(6)), frame(6, mark=Mark.PAUSE))
    await until(lambda: partition.settled == 7)
    assert outbox.records == []


async def test_frames_that_stop_coming_are_settled_after_a_while(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(idle_s=0.02), streams=8)
    partitions.append(partition)
    await partition.hear(frame(0), frame(1))
    await until(lambda: partition.settled == 2)
    assert outbox.words == words(1, 2)


async def test_where_frames_had_merely_stopped_their_end_is_heard_again_and_not_said_again(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    """A recognizer that begins in mid-sentence may pass over the word it begins with."""
    partition = Partition(recognizer, outbox, Limits(idle_s=0.02), streams=8)
    partitions.append(partition)
    await partition.hear(*(frame(at) for at in range(4)))
    await until(lambda: partition.settled == 4)
    await partition.hear(frame(4), frame(5), frame(6, mark=END))
    await until(lambda: bool(outbox.finished))
    assert recognizer.opened == [0, 2 * 8000]
    assert recognizer.heard == [1, 2, 3, 4, 3, 4, 5, 6]
    assert outbox.words == words(1, 6)


@pytest.mark.parametrize("fault", [EngineRejected("never"), EngineUnavailable("nonsense"), RuntimeError("wrong")])
async def test_context_at_which_every_stream_fails_costs_nothing_but_itself(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer, fault: Exception
) -> None:
    partition = Partition(recognizer, outbox, Limits(idle_s=0.02, hopeless_s=0.05), streams=8)
    partitions.append(partition)
    await partition.hear(*(frame(at) for at in range(4)))
    await until(lambda: partition.settled == 4)
    recognizer.fail_at = Always({3: fault})
    await partition.hear(*(frame(at) for at in range(4, 9)), frame(9, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 9)
    assert [final.missing for final in outbox.finals if final.missing] == []


@pytest.mark.parametrize(
    "faults",
    [[EngineUnavailable("gone"), EngineRejected("never")], [RuntimeError("wrong"), RuntimeError("wrong")]],
    ids=["rejected", "fault"],
)
async def test_what_is_given_up_when_all_patience_is_spent_is_given_up_once_and_what_waits_behind_it_is_heard(
    partition: Partition,
    outbox: Outbox,
    recognizer: ScriptedRecognizer,
    monkeypatch: pytest.MonkeyPatch,
    faults: list[Exception],
) -> None:
    now_s, left = [0.0], iter(faults)
    monkeypatch.setattr(patience_module, "_now_s", lambda: now_s[0])

    class Late(dict[int, Exception]):
        def pop(self, number: int) -> Exception:  # type: ignore[override]
            fault = next(left)
            if fault is faults[-1]:
                now_s[0] += Limits.hopeless_s + 1
                del self[number]
            return fault

    recognizer.fail_at = Late({1: faults[0]})
    await partition.hear(*(frame(at) for at in range(20)), frame(20, mark=END))
    await until(lambda: bool(outbox.finished))
    (missing,) = [final.missing for final in outbox.finals if final.missing]
    assert missing.start_ms == 0
    heard_from = round(missing.end_ms / 500) + 1
    assert heard_from < 10
    assert outbox.words == words(heard_from, 20)


async def test_a_word_that_is_noticed_in_the_context_was_spoken_in_our_time(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(idle_s=0.02), streams=8)
    partitions.append(partition)
    recognizer.deaf_to = {3, 4}
    await partition.hear(*(frame(at) for at in range(4)))
    await until(lambda: partition.settled == 4)
    recognizer.deaf_to = set()
    await partition.hear(frame(4), frame(5, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 5)
    assert {final.floor_epoch_ms for final in outbox.finals if final.words} == {EPOCH_MS}


async def test_what_was_said_before_a_pause_is_no_context(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    await partition.hear(frame(0), frame(1, mark=Mark.PAUSE), frame(1), frame(2, mark=END))
    await until(lambda: bool(outbox.finished))
    assert recognizer.opened == [0, 8000]
    assert recognizer.heard == [1, 2]


async def test_frames_that_come_twice_are_heard_once(partition: Partition, outbox: Outbox) -> None:
    await partition.hear(frame(0), frame(1), frame(0), frame(1), frame(2), frame(3, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 3)


async def test_frames_that_overlap_are_cut_at_the_seam(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    late = frame(1)
    overlapping = Frame(
        session_id="s1",
        language="en",
        seq=1,
        first_sample=late.first_sample - 4000,
        captured_at_ms=late.captured_at_ms,
        received_at_ms=late.received_at_ms,
        pcm=frame(0).pcm[:8000] + late.pcm,
    )
    await partition.hear(frame(0), overlapping, frame(2, mark=END))
    await until(lambda: bool(outbox.finished))
    assert recognizer.heard == [1, 2]
    assert [word.start_ms for final in outbox.finals for word in final.words] == [0, 500]


async def test_a_short_gap_is_silence_to_the_recognizer(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    await partition.hear(frame(0), frame(3), frame(4, mark=END))
    await until(lambda: bool(outbox.finished))
    assert recognizer.opened == [0]
    assert [word.start_ms for final in outbox.finals for word in final.words] == [0, 1500]


async def test_a_long_gap_begins_a_new_stream_and_keeps_floor_time(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    with capture_logs() as logs:
        await partition.hear(frame(0), frame(40), frame(41, mark=END))
        await until(lambda: bool(outbox.finished))
    assert recognizer.opened == [0, 40 * 8000]
    assert [word.start_ms for final in outbox.finals for word in final.words] == [0, 20_000]
    assert [log["event"] for log in logs] == ["audio_missing"]


async def test_a_stream_that_fails_is_opened_again_and_nothing_is_lost_or_repeated(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_at = {4: EngineUnavailable("died"), 9: EngineUnavailable("died again")}
    recognizer.fail_opening = [EngineUnavailable("no room")]
    await partition.hear(*map(frame, range(12)), frame(12, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 12)
    assert len(recognizer.opened) == 4


async def test_a_stream_that_fails_on_the_last_words_is_opened_again_for_them(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_at_the_end = [EngineUnavailable("died of the last words")]
    await partition.hear(*map(frame, range(4)), frame(4, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 4)
    assert len(recognizer.opened) == 2


async def test_audio_that_the_engine_rejects_is_passed_over_and_the_rest_is_heard(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_at = {3: EngineRejected("not this")}
    await partition.hear(*map(frame, range(3)))
    await until(lambda: partition.settled == 3)
    await partition.hear(frame(3), frame(4), frame(5, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words[-2:] == words(4, 5)


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), EngineUnavailable("reset")])
@pytest.mark.parametrize("opening", [False, True])
async def test_however_long_a_talk_has_gone_well_audio_is_not_given_up_at_the_first_failure(
    partition: Partition,
    outbox: Outbox,
    recognizer: ScriptedRecognizer,
    fault: Exception,
    opening: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed_s = 0.0
    monkeypatch.setattr(patience_module, "_now_s", lambda: passed_s)
    await partition.hear(*map(frame, range(4)), frame(4, mark=Mark.PAUSE))
    await until(lambda: partition.settled == partition.position)
    passed_s = 10 * Limits().hopeless_s
    if opening:
        recognizer.fail_opening = [fault]
    else:
        recognizer.fail_at = {7: fault}
    await partition.hear(*map(frame, range(5, 9)), frame(9, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == [*words(1, 4), *words(6, 9)]
    assert [final.missing for final in outbox.finals if final.missing] == []
    assert outbox.recognition == []
    assert outbox.dead == []


@pytest.mark.parametrize("fault", [EngineUnavailable("gone"), EngineRejected("never"), RuntimeError("wrong")])
@pytest.mark.parametrize("comes_further", [False, True])
async def test_listeners_are_told_when_it_fails_for_long_at_one_place_and_not_when_each_try_comes_further(
    partition: Partition,
    outbox: Outbox,
    recognizer: ScriptedRecognizer,
    fault: Exception,
    comes_further: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed_s = 0.0
    monkeypatch.setattr(patience_module, "_now_s", lambda: passed_s)
    with capture_logs() as failures:
        for at in range(0, 40, 4):
            before = len(failures)
            if comes_further:
                recognizer.fail_at = {at + 4: fault}
            else:
                recognizer.fail_opening = [fault] * 1000
            await partition.hear(*map(frame, range(at, at + 4)))
            await until(lambda before=before: len(failures) > before)  # type: ignore[misc]
            passed_s += Limits.silent_s / 3
    assert passed_s < Limits.hopeless_s
    assert outbox.recognition == ([] if comes_further else [("s1", False)])


@pytest.mark.parametrize("fault", [EngineUnavailable("gone"), EngineRejected("never"), RuntimeError("wrong")])
async def test_what_waits_behind_audio_that_fails_for_ever_does_not_pile_up(
    partitions: list[Partition],
    outbox: Outbox,
    recognizer: ScriptedRecognizer,
    fault: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed_s = 0.0
    monkeypatch.setattr(patience_module, "_now_s", lambda: passed_s)
    partition = Partition(recognizer, outbox, Limits(hopeless_s=5, unfed_s=20), streams=8)
    partitions.append(partition)
    recognizer.fail_at = Always(dict.fromkeys(range(1, 1000), fault))
    with capture_logs() as logs:
        await partition.hear(*map(frame, range(20)))
        await until(lambda: len(logs) > 1)
        passed_s = 6.0
        await partition.hear(*map(frame, range(20, 60)))
        await until(lambda: any(log["ms"] >= 10_000 for log in logs if log["event"] == "audio_given_up"))


@pytest.mark.parametrize("fault", [EngineUnavailable("gone"), RuntimeError("wrong")])
async def test_a_long_pause_after_audio_that_was_given_up_is_no_time_of_failing(
    partitions: list[Partition],
    outbox: Outbox,
    recognizer: ScriptedRecognizer,
    fault: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed_s = 0.0
    monkeypatch.setattr(patience_module, "_now_s", lambda: passed_s)
    partition = Partition(recognizer, outbox, Limits(idle_s=0.02), streams=8)
    partitions.append(partition)
    recognizer.fail_at = {1: EngineRejected("never")}
    await partition.hear(frame(0), frame(1, mark=Mark.PAUSE))
    await until(lambda: partition.settled == partition.position)
    await asyncio.sleep(0.2)  # nothing comes for longer than a stretch waits
    passed_s = 10 * Limits.hopeless_s
    recognizer.fail_opening = [fault]
    await partition.hear(*map(frame, range(2, 9)), frame(9, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(3, 9)


async def test_audio_at_which_every_stream_fails_is_passed_over_in_the_end_and_counted(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(hopeless_s=0), streams=8)
    partitions.append(partition)
    recognizer.fail_at = {1: EngineUnavailable("died of it")}
    with capture_logs() as logs:
        await partition.hear(frame(0))
        await until(lambda: partition.settled == 1)
        await partition.hear(frame(1), frame(2), frame(3, mark=END))
        await until(lambda: bool(outbox.finished))
    assert outbox.words == words(2, 3)
    assert [log["ms"] for log in logs if log["event"] == "audio_given_up"] == [500]


@pytest.mark.parametrize("fault", [EngineRejected("no such language here"), EngineUnavailable("gone")])
async def test_where_no_stream_can_ever_be_opened_the_session_holds_nothing_up_and_ends(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer, fault: EngineError
) -> None:
    partition = Partition(recognizer, outbox, Limits(hopeless_s=0, silent_s=0, unfed_s=1), streams=8)
    partitions.append(partition)
    recognizer.fail_opening = [fault] * 1000
    with capture_logs() as logs:
        await partition.hear(*map(frame, range(20)), frame(20, mark=END))
        await until(lambda: bool(outbox.finished))
    assert partition.settled == 21
    assert outbox.words == []
    assert outbox.recognition == [("s1", False)]
    assert sum(log["ms"] for log in logs if log["event"] == "audio_given_up") == 20 * 500


async def test_an_engine_that_rejects_is_not_asked_without_a_pause(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience_module, "_FIRST_WAIT_S", 60.0)
    recognizer.fail_opening = [EngineRejected("no such language here")] * 1000
    for at in range(20):
        await partition.hear(frame(at))
        await asyncio.sleep(0)
    assert len(recognizer.opened) == 1


async def test_two_sessions_do_not_wait_for_each_other(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_at = {1: EngineUnavailable("died")}
    await partition.hear(*(frame(at, session=name) for at in range(5) for name in ("a", "b")))
    await partition.hear(frame(5, session="b", mark=END))
    await until(lambda: bool(outbox.finished))
    assert [word.text for final in outbox.finals if final.session_id == "b" for word in final.words] == words(1, 5)
    assert outbox.finished[0].session_id == "b"


async def test_a_session_without_a_free_stream_is_refused_and_heard_once_one_is_free(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(idle_s=60), streams=1)
    partitions.append(partition)
    with capture_logs() as logs:
        await partition.hear(frame(0, session="a"), frame(0, session="b"), frame(1, session="b"))
    assert [(log["event"], log["session"], log["limit"]) for log in logs] == [("stream_refused", "b", 1)]
    assert outbox.recognition == [("b", False)]
    await partition.hear(frame(1, session="a", mark=END))
    await until(lambda: recognizer.open_streams == 0 and bool(outbox.finished))
    await partition.hear(frame(2, session="b"), frame(3, session="b", mark=END))
    await until(lambda: len(outbox.finished) == 2)
    assert [word.text for final in outbox.finals if final.session_id == "b" for word in final.words] == ["w3"]
    assert outbox.recognition == [("b", False), ("b", True)]


async def test_after_a_takeover_a_refused_session_that_gets_a_stream_is_told_so(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    first = Partition(recognizer, outbox, Limits(idle_s=60), streams=1)
    partitions.append(first)
    await first.hear(frame(0, session="a"), frame(0, session="b"))
    told = Outbox()
    second = Partition(recognizer, told, Limits(idle_s=60), streams=1)
    partitions.append(second)
    await second.transcriber.restore(restorable(outbox.records))
    await second.hear(frame(1, session="b"))
    assert told.recognition == [("b", True)]


async def test_a_recognizer_that_fails_for_long_is_told_and_so_is_that_it_works_again(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(silent_s=0), streams=8)
    partitions.append(partition)
    recognizer.fail_opening = [EngineUnavailable("no stream is left")] * 2
    await partition.hear(frame(0), frame(1, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.recognition == [("s1", False), ("s1", True)]
    assert outbox.words == words(1, 1)


async def test_a_language_that_nobody_recognizes_is_refused_once_and_holds_nothing_up(
    partition: Partition, outbox: Outbox
) -> None:
    await partition.hear(*(frame(at, language="xx") for at in range(3)))
    assert partition.refused == ["no recognizer of xx here, for session s1"]
    assert outbox.recognition == [("s1", False)]
    assert partition.settled == 3


async def test_input_is_held_back_while_too_much_audio_waits(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(unfed_s=2), streams=8)
    partitions.append(partition)
    recognizer.fail_opening = [EngineUnavailable("gone")] * 6
    hearing = asyncio.create_task(partition.hear(*map(frame, range(30)), frame(30, mark=END)))
    await until(lambda: partition.position == 4)
    await hearing
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 30)


async def test_a_gap_in_the_audio_that_waits_holds_nothing_back(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    """Not the other sessions of the partition either."""
    partition = Partition(recognizer, outbox, Limits(unfed_s=2), streams=8)
    partitions.append(partition)
    recognizer.fail_opening = [EngineUnavailable("gone")] * 6
    await partition.hear(frame(0), frame(1), frame(40), frame(41, mark=END))
    assert len(recognizer.fail_opening) == 6
    await until(lambda: bool(outbox.finished))
    assert outbox.words == ["w1", "w2", "w41"]


async def test_marks_far_from_each_other_hold_nothing_back(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(unfed_s=2), streams=8)
    partitions.append(partition)
    async with asyncio.timeout(5):
        await partition.hear(frame(0, mark=Mark.PAUSE), frame(40, mark=Mark.MUTE), frame(41), frame(42, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(42, 42)


async def test_a_fault_of_this_program_that_does_not_come_again_loses_and_repeats_nothing(
    partition: Partition, recognizer: ScriptedRecognizer, outbox: Outbox
) -> None:
    recognizer.fail_at = {3: RuntimeError("bug"), 9: RuntimeError("another")}
    await partition.hear(*map(frame, range(12)), frame(12, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 12)
    assert marks(outbox) == []
    assert (outbox.fault, outbox.dead) == (None, [])


async def test_audio_at_which_this_program_fails_each_time_is_marked_and_set_aside_and_the_rest_is_heard(
    partition: Partition, recognizer: ScriptedRecognizer, outbox: Outbox
) -> None:
    recognizer.fail_at = Always({3: RuntimeError("bug")})
    with capture_logs() as logs:
        for at in range(12):
            await partition.hear(frame(at), frame(at, 100 + at, session="other"))
            if at == 2:
                await until(lambda: any(final.missing for final in outbox.finals))
        await partition.hear(frame(12, mark=END), frame(12, mark=END, session="other"))
        await until(lambda: len(outbox.finished) == 2)
    assert partition.settled == partition.position
    ours = Outbox()
    ours.records = [record for record in outbox.records if record.session_id == "s1"]
    assert set(words(4, 12)) <= set(ours.words)
    assert "w3" not in ours.words
    assert len(ours.words) == len(set(ours.words))
    assert [end_ms for _, end_ms in marks(ours)] == [1500]
    others = [final for final in outbox.finals if final.session_id == "other"]
    assert [word.text for final in others for word in final.words] == words(100, 111)
    assert not any(final.missing for final in others)
    assert (4, "RuntimeError: bug") in outbox.dead
    assert all(offset % 2 == 0 for offset, _ in outbox.dead)
    assert outbox.fault is None
    assert [log["event"] for log in logs if "exc_info" in log] == ["session_failed"]


async def test_after_a_fault_a_session_goes_on_from_what_was_published(
    partition: Partition, recognizer: ScriptedRecognizer, outbox: Outbox
) -> None:
    """The fault comes when words are final already, and before they are in the outbox."""
    faults = [RuntimeError("bug")]

    def refuse(record: Transcript) -> None:
        if isinstance(record, Final) and "w5" in [word.text for word in record.words] and faults:
            raise faults.pop()

    outbox.before_put = refuse
    await partition.hear(*map(frame, range(8)), frame(8, mark=END))
    await until(lambda: bool(outbox.finished))
    assert faults == []
    assert outbox.words == words(1, 8)
    assert marks(outbox) == []


async def test_what_no_session_can_go_on_after_ends_the_process(
    partition: Partition, recognizer: ScriptedRecognizer, outbox: Outbox
) -> None:
    recognizer.fail_at = {1: MemoryError()}
    await partition.hear(frame(0))
    await until(lambda: outbox.fault is not None)
    assert isinstance(outbox.fault, BaseExceptionGroup)
    assert outbox.fault.subgroup(MemoryError) is not None


async def test_a_session_that_what_it_calls_cancels_ends_the_process(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_opening = [asyncio.CancelledError()]
    await partition.hear(frame(0))
    await until(lambda: outbox.fault is not None)
    assert isinstance(outbox.fault, Fatal)


async def test_a_session_can_be_stopped_while_its_stream_that_failed_is_closing(
    partition: Partition, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_at = {1: EngineUnavailable("died")}
    recognizer.closes_slowly = True
    await partition.hear(frame(0))
    await recognizer.closing.wait()
    async with asyncio.timeout(5):
        await partition.transcriber.close()


@pytest.mark.parametrize("after", range(1, 14))
async def test_a_takeover_at_any_moment_loses_and_repeats_nothing(
    partitions: list[Partition], recognizer: ScriptedRecognizer, after: int
) -> None:
    """The first owner is lost after so many records of output; the next one goes on from what was published."""
    talk = received([*map(frame, range(8)), frame(8, mark=Mark.PAUSE), *map(frame, range(20, 24)), frame(24, mark=END)])
    published: list[Transcript] = []
    committed = 0
    first = Outbox()
    partition = Partition(recognizer, first, Limits(), streams=8)
    partitions.append(partition)

    def commit() -> None:
        nonlocal committed
        if len(published) < after:
            published.append(first.records[-1])

    first.on_put = commit
    offsets: list[int] = []
    for item in talk:
        await partition.replay([item])
        if len(published) < after:
            offsets.append(partition.settled)
    await until(lambda: bool(first.finished) or len(published) >= after)
    committed = offsets[-1]
    await partition.transcriber.close()

    second = Outbox()
    partition = Partition(recognizer, second, Limits(), streams=8)
    partitions.append(partition)
    await partition.transcriber.restore(restorable(published))
    await partition.replay(talk[committed:])
    records = published
    if not any(record.__class__.__name__ == "Finished" for record in published):
        await until(lambda: bool(second.finished))
        records = published + second.records
    whole = Outbox()
    whole.records = list(records)
    assert whole.words == [*words(1, 8), *words(21, 24)]
    assert [final.index for final in whole.finals] == list(range(len(whole.finals)))
    assert len(whole.finished) == 1
    assert partition.settled == len(talk)


def after_a_gap(at: int, halves: int) -> Frame:
    """The frame at half-second ``at``, before which so many never came."""
    return msgspec.structs.replace(frame(at), missing_samples=halves * FRAME_SAMPLES)


def marks(outbox: Outbox) -> list[tuple[float, float]]:
    """What was said to be missing; each mark is a final without words, at its place among the others."""
    assert [final.index for final in outbox.finals] == list(range(len(outbox.finals)))
    return [(one.missing.start_ms, one.missing.end_ms) for one in outbox.finals if one.missing and not one.words]


@pytest.mark.parametrize("halves", [2, 37])
async def test_audio_that_never_came_is_marked_between_the_words_around_it(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer, halves: int
) -> None:
    back = 3 + halves
    await partition.hear(*map(frame, range(3)), after_a_gap(back, halves), frame(back + 1), frame(back + 2, mark=END))
    await until(lambda: bool(outbox.finished))
    assert marks(outbox) == [(1500, 500 * back)]
    assert outbox.words == [*words(1, 3), *words(back + 1, back + 2)]
    place = next(index for index, final in enumerate(outbox.finals) if final.missing)
    assert [word.text for final in outbox.finals[:place] for word in final.words] == words(1, 3)


async def test_what_came_after_all_by_another_connection_is_not_marked_as_missing(
    partition: Partition, outbox: Outbox
) -> None:
    late = msgspec.structs.replace(frame(8), missing_samples=6 * FRAME_SAMPLES)
    await partition.hear(*map(frame, range(4)), late, frame(9), frame(10, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == [*words(1, 4), *words(9, 10)]
    assert [final.missing for final in outbox.finals if final.missing] == [Stretch(2_000, 4_000)]


@pytest.mark.parametrize("read", range(1, 9))
async def test_what_is_missing_is_marked_once_though_another_takes_over_at_any_moment(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer, read: int
) -> None:
    talk = received([*map(frame, range(3)), after_a_gap(7, 4), *map(frame, range(8, 11)), frame(11, mark=END)])
    first, second = (Partition(recognizer, outbox, Limits(idle_s=60), streams=8) for _ in range(2))
    partitions += [first, second]
    await first.replay(talk[:read])
    await asyncio.sleep(0.01)
    settled = first.settled
    published = list(outbox.records)
    await first.transcriber.close()
    outbox.records[:] = published
    await second.transcriber.restore(restorable(published))
    await second.replay(talk[settled:])
    await until(lambda: bool(outbox.finished))
    assert marks(outbox) == [(1500, 3500)]
    assert outbox.words == [*words(1, 3), *words(8, 11)]


async def test_audio_that_is_given_up_is_marked(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(hopeless_s=0), streams=8)
    partitions.append(partition)
    recognizer.fail_at = {1: EngineUnavailable("died of it")}
    await partition.hear(frame(0))
    await until(lambda: partition.settled == 1)
    await partition.hear(frame(1), frame(2), frame(3, mark=END))
    await until(lambda: bool(outbox.finished))
    assert marks(outbox) == [(0, 500)]


async def test_audio_for_which_no_stream_was_free_is_marked_once_there_is_one(
    partitions: list[Partition], outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    partition = Partition(recognizer, outbox, Limits(idle_s=60), streams=1)
    partitions.append(partition)
    await partition.hear(frame(0, session="other"), frame(0), frame(1), frame(1, session="other", mark=END))
    await until(lambda: bool(outbox.finished))
    await partition.hear(frame(2), frame(3, mark=END))
    await until(lambda: len(outbox.finished) == 2)
    assert [final.missing for final in outbox.finals if final.missing] == [Stretch(0, 1000)]


async def test_a_result_that_can_t_be_true_is_asked_for_again(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.spoil_at = {3}
    await partition.hear(*map(frame, range(5)), frame(5, mark=END))
    await until(lambda: bool(outbox.finished))
    assert outbox.words == words(1, 5)
    assert len(recognizer.opened) == 2


async def test_a_result_that_comes_again_confirms_nothing(
    partition: Partition, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.repeats = 3
    await partition.hear(frame(0), frame(1))
    await until(lambda: len(recognizer.heard) == 2 and bool(outbox.partials))
    await asyncio.sleep(0.01)
    assert outbox.words == words(1, 1)
