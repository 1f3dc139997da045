"""What the notifier's ``/metrics`` tells of lag, losses and listeners."""

from typing import Any

import msgspec
import pytest

from services.common.contracts import Caption, Speech
from services.notifier import announcer, hub, listener
from services.notifier.listener import Patience
from tests.figures import figures
from tests.unit.notifier import records
from tests.unit.notifier import serving as serving_module
from tests.unit.notifier.records import caption, final, session, speech
from tests.unit.notifier.serving import serving

NOW_MS = 1_800_000_000_000.0


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The wall's time, which stands still until a test sets it."""
    time_ms = [NOW_MS]
    for module in (announcer, hub, listener, records, serving_module):
        monkeypatch.setattr(module, "now_ms", lambda: time_ms[0])
    return time_ms


def at_lag(record: Any, lag_ms: float, **changes: object) -> Any:
    """The record as it would be if its words had ended so long ago."""
    return msgspec.structs.replace(
        record, floor_epoch_ms=NOW_MS - lag_ms - record.end_ms, published_at_ms=NOW_MS, **changes
    )


async def test_the_lag_of_a_caption_and_of_its_speech_is_told_once_whoever_listens() -> None:
    async with serving() as served, figures() as figure:
        served.take(session())
        async with served.joined() as first, served.joined() as second:
            served.take(at_lag(caption(0), 1200), at_lag(speech(0), 2500))
            for ears in (first, second):
                await ears.some(2)
            assert await figure.grown("dragoman_notifier_lag_seconds_count") == {("caption",): 1, ("speech",): 1}
            assert await figure.grown("dragoman_notifier_lag_seconds_sum") == {
                ("caption",): pytest.approx(1.2),
                ("speech",): pytest.approx(2.5),
            }
            assert await figure.grown("dragoman_notifier_sent_total") == {
                ("caption",): 2,
                ("joined",): 2,
                ("speech",): 2,
            }
            assert await figure.grown("dragoman_notifier_late_total") == {}


async def test_captions_in_the_spoken_language_have_a_lag_of_their_own() -> None:
    async with serving() as served, figures() as figure:
        served.take(session())
        async with served.joined("en") as ears:
            served.take(at_lag_final(800))
            await ears.next()
            assert await figure.grown("dragoman_notifier_lag_seconds_sum") == {("transcript",): pytest.approx(0.8)}
            assert await figure.grown("dragoman_notifier_stage_seconds_count") == {}


def at_lag_final(lag_ms: float) -> Any:
    spoken = final(0, "so it is")
    return msgspec.structs.replace(
        spoken, floor_epoch_ms=NOW_MS - lag_ms - spoken.words[-1].end_ms, published_at_ms=NOW_MS
    )


async def test_what_comes_after_six_seconds_is_late() -> None:
    async with serving() as served, figures() as figure:
        served.take(session())
        async with served.joined() as ears:
            served.take(at_lag(caption(0), 5999), at_lag(speech(0), 6001))
            await ears.some(2)
            assert await figure.grown("dragoman_notifier_late_total") == {("speech",): 1}


@pytest.mark.parametrize(
    ("notices", "translating_s"),
    [
        ([caption(0, spoken=False)], 0.4),
        ([caption(0), speech(0)], 0.5),
    ],
    ids=["caption alone", "caption and speech"],
)
async def test_the_stages_of_a_segment_are_told_once_by_its_last_notice(
    notices: list[Caption | Speech], translating_s: float
) -> None:
    async with serving() as served, figures() as figure:
        served.take(session())
        async with served.joined() as ears:
            for notice in notices:
                took = 500.0 if isinstance(notice, Speech) else 400.0
                served.take(at_lag(notice, 1000, stages={"translate": took}))
            await ears.some(len(notices))
            assert await figure.grown("dragoman_notifier_stage_seconds_count") == {
                ("notify",): 1,
                ("translate",): 1,
                ("translations_topic",): 1,
            }
            told = await figure.grown("dragoman_notifier_stage_seconds_sum")
            assert told["translate",] == pytest.approx(translating_s)


async def test_what_a_listener_catches_up_on_is_no_lag(clock: list[float]) -> None:
    async with serving() as served, figures() as figure:
        served.take(session(), *(at_lag(caption(index), 60_000) for index in range(2)))
        clock[0] += 1
        async with served.joined(after=-1) as ears:
            await ears.some(2)
            assert await figure.grown("dragoman_notifier_lag_seconds_count") == {}


async def test_text_of_an_unknown_time_and_segments_that_failed_have_no_lag() -> None:
    async with serving() as served, figures() as figure:
        served.take(session())
        async with served.joined() as ears:
            served.take(caption(0), at_lag(caption(1), 1000, text="", failed="translation rejected"))
            await ears.some(2)
            assert await figure.grown("dragoman_notifier_lag_seconds_count") == {}


async def test_listeners_are_counted_while_they_are_there_and_the_dropped_by_their_close_code() -> None:
    async with serving(patience=Patience(join_s=10, keep_up_s=0.2)) as served, figures() as figure:
        served.take(session())
        before = await figure.value("dragoman_notifier_listeners")
        async with served.joined() as ears:
            assert await figure.value("dragoman_notifier_listeners") == before + 1
            ears.socket.transport.pause_reading()
            big = msgspec.structs.replace(caption(0), text="x" * 200_000)
            for index in range(60):
                served.take(msgspec.structs.replace(big, index=index))
            await served.until_listeners(0)
            assert await figure.grown("dragoman_notifier_closed_total") == {("4408",): 1}
