"""One trace for each segment: what is exported of it, by whom, and that nothing is where nobody wants it."""

import subprocess
import sys

import pytest

from services.common import stages, traces
from services.common.contracts import Caption, LaneFinished, Speech
from services.common.settings import SettingsError
from services.common.telemetry import open_traces
from services.common.traces import Traces
from tests.standins.collector import Collector, Span, collecting

AT_MS = 1_800_000_002_000.0
CAPTION_STAGES = {"capture": 100.0, "audio_topic": 5.0, "recognize": 300.0, "transcripts_topic": 5.0, "translate": 50.0}
SPEECH_STAGES = {**CAPTION_STAGES, "synthesize": 80.0, "store": 10.0}


def caption(index: int = 3, *, spoken: bool = True, failed: str | None = None) -> Caption:
    return Caption(
        session_id="s1",
        language="pt",
        index=index,
        start_ms=0,
        end_ms=500,
        text="" if failed else "fim",
        source="end",
        spoken=spoken,
        failed=failed,
        stages=CAPTION_STAGES,
        published_at_ms=AT_MS,
    )


def speech(index: int = 3) -> Speech:
    return Speech(
        session_id="s1",
        language="pt",
        index=index,
        start_ms=0,
        end_ms=500,
        text="fim",
        key="clip",
        duration_ms=300,
        stages=SPEECH_STAGES,
        published_at_ms=AT_MS + 90,
    )


def named(spans: list[Span]) -> list[tuple[str, str]]:
    return [(span.service, span.name) for span in spans]


async def test_a_spoken_segment_is_one_trace_across_the_services_that_it_went_through() -> None:
    async with collecting() as collector:
        async with Traces.open(collector.endpoint, "1") as translator, Traces.open(collector.endpoint, "1") as notifier:
            for record in (caption(), speech()):
                headers = translator.published(record)
                notifier.announced(record, headers, record.published_at_ms + 4, record.published_at_ms + 5)
        (spans,) = collector.traces.values()
    (root,) = (span for span in spans if not span.parent_id)
    assert (root.service, root.name) == ("translator", "segment")
    assert root.attributes == {
        "session.id": "s1",
        "language": "pt",
        "segment": 3,
        "floor.start_ms": 0,
        "floor.end_ms": 500,
    }
    assert root.end_ms - root.start_ms == pytest.approx(sum(SPEECH_STAGES.values()))
    children = sorted((span for span in spans if span.parent_id), key=lambda span: span.start_ms)
    assert {span.parent_id for span in children} == {root.span_id}
    assert sorted(named(children)) == sorted(
        [
            *((stages.SERVICE[stage], stage) for stage in SPEECH_STAGES),
            *[("notifier", "translations_topic"), ("notifier", "notify")] * 2,
        ]
    )
    took = {span.name: span.end_ms - span.start_ms for span in children if span.service != "notifier"}
    assert took == pytest.approx(SPEECH_STAGES, abs=0.01)
    told = [span for span in children if span.service == "notifier"]
    assert {span.attributes["notice"] for span in told} == {"caption", "speech"}
    assert len({span.span_id for span in spans}) == len(spans)


async def exported(*records: Caption | Speech | LaneFinished) -> Collector:
    async with collecting() as collector, Traces.open(collector.endpoint, "1") as tracing:
        for record in records:
            tracing.published(record)
    return collector


async def test_a_segment_without_speech_is_traced_with_its_caption_and_its_failure() -> None:
    collector = await exported(caption(spoken=False, failed="translation rejected"))
    (spans,) = collector.traces.values()
    assert [span.failed for span in spans if span.name == "segment"] == ["translation rejected"]
    assert len(spans) == 1 + len(CAPTION_STAGES)


async def test_segments_are_traces_of_their_own_and_the_end_of_a_lane_is_none() -> None:
    collector = await exported(speech(1), speech(2), LaneFinished(session_id="s1", language="pt", segments=3))
    assert len(collector.traces) == 2


async def test_what_a_takeover_does_again_is_the_same_span_again() -> None:
    first, again = await exported(speech()), await exported(speech())
    assert {span.span_id for span in first.spans} == {span.span_id for span in again.spans}


async def test_notifiers_have_spans_of_their_own_in_the_same_trace() -> None:
    async with collecting() as collector:
        async with Traces.open(collector.endpoint, "1") as one, Traces.open(collector.endpoint, "2") as other:
            headers = one.published(caption())
            for notifier in (one, other):
                notifier.announced(caption(), headers, AT_MS + 4, AT_MS + 5)
        assert len(collector.traces) == 1
        assert len({span.span_id for span in collector.spans}) == 4


@pytest.mark.parametrize("headers", [(), (("v", b"1"),), (("traceparent", b"\xff"),), (("traceparent", None),)])
async def test_a_record_that_carries_no_trace_gets_no_spans(headers: tuple[tuple[str, bytes | None], ...]) -> None:
    async with collecting() as collector:
        async with Traces.open(collector.endpoint, "1") as notifier:
            notifier.announced(speech(), headers, AT_MS, AT_MS)
        assert collector.spans == []


async def test_a_collector_that_is_away_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_EXPORT_S", 0.1)
    async with Traces.open("http://127.0.0.1:9/v1/traces", "1") as tracing:
        for index in range(3 * traces._WAITING_SPANS):
            tracing.published(speech(index))


async def test_without_an_endpoint_there_are_no_traces() -> None:
    async with open_traces("", "1") as tracing:
        assert tracing is None


@pytest.mark.parametrize("service", ["ingest", "transcriber", "translator", "notifier"])
def test_a_service_does_not_import_opentelemetry_unless_it_is_to_trace(service: str) -> None:
    look = f"import sys, services.{service}.__main__; sys.exit(any('opentelemetry' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", look], timeout=60).returncode == 0


async def test_an_endpoint_without_the_packages_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "services.common.traces")
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    with pytest.raises(SettingsError, match=r"DRAGOMAN_TRACES_ENDPOINT=http.*dragoman\[traces\]"):
        async with open_traces("http://127.0.0.1:9/v1/traces", "1"):
            pass
