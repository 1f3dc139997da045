"""What the transcriber's ``/metrics`` tells of its streams, its delay and its losses."""

from collections.abc import AsyncIterator

import pytest

from services.common.contracts import Mark
from services.common.errors import EngineRejected, EngineUnavailable
from services.transcriber import patience as patience_module
from services.transcriber.processor import Transcriber
from services.transcriber.streams import Limits, Streams
from tests.figures import figures
from tests.unit.transcriber.scripted import Outbox, ScriptedRecognizer, frame, received, until


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience_module, "_FIRST_WAIT_S", 0.001)


@pytest.fixture
def recognizer() -> ScriptedRecognizer:
    return ScriptedRecognizer()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def transcriber(recognizer: ScriptedRecognizer, outbox: Outbox) -> AsyncIterator[Transcriber]:
    made = Transcriber(recognizer, outbox, Streams(1), Limits(idle_s=60, hopeless_s=0))  # type: ignore[arg-type]
    yield made
    await made.close()


async def hear(transcriber: Transcriber, session: str, count: int) -> None:
    frames = [*(frame(at, session=session) for at in range(count)), frame(count, session=session, mark=Mark.END)]
    for item in received(frames, 0):
        await transcriber.handle(item)


async def test_finals_and_their_delay_are_counted_and_a_stream_only_while_it_is_used(
    transcriber: Transcriber, outbox: Outbox
) -> None:
    async with figures() as figure:
        await hear(transcriber, "a", 6)
        assert await figure.value("dragoman_transcriber_streams") == 1
        await until(lambda: bool(outbox.finished))
        finals = await figure.grown("dragoman_transcriber_finals_total")
        assert finals == {(): len(outbox.finals)}
        assert await figure.grown("dragoman_transcriber_word_delay_seconds_count") == {
            (): sum(bool(final.words) for final in outbox.finals)
        }
        assert await figure.value("dragoman_transcriber_streams") == 0


async def test_frames_of_a_session_without_a_stream_are_counted(transcriber: Transcriber) -> None:
    async with figures() as figure:
        for item in received([frame(0, session="a"), frame(0, session="b"), frame(1, session="b")], 0):
            await transcriber.handle(item)
        assert await figure.grown("dragoman_transcriber_frames_refused_total") == {(): 2}


async def test_streams_that_failed_are_counted_by_kind_and_audio_that_was_given_up_by_its_length(
    transcriber: Transcriber, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_at = {1: EngineUnavailable("died of it")}
    async with figures() as figure:
        await hear(transcriber, "a", 3)
        await until(lambda: bool(outbox.finished))
        failures = await figure.grown("dragoman_transcriber_failures_total")
        assert failures.keys() == {("unavailable",)}
        assert (await figure.grown("dragoman_transcriber_given_up_seconds_total"))[()] >= 0.5


async def test_audio_that_the_engine_rejects_is_counted(
    transcriber: Transcriber, outbox: Outbox, recognizer: ScriptedRecognizer
) -> None:
    recognizer.fail_at = {2: EngineRejected("not this")}
    async with figures() as figure:
        await hear(transcriber, "a", 3)
        await until(lambda: bool(outbox.finished))
        assert await figure.grown("dragoman_transcriber_failures_total") == {("rejected",): 1}
