"""One trace for each segment, made of what its records tell, by OpenTelemetry. Imported only where traces are wanted.

The words of a segment come from frames and finals that they share with other segments, so its trace begins where it is
decided: in the translator, which exports what went before, as the stage times of its finals have it, as spans of the
services that it went through. From there on the context travels as W3C's ``traceparent`` in the headers of
``translations``, and each notifier adds its spans. Ids are made of what they stand for, so whatever a takeover does
again is the same span again.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.common import stages
from services.common.contracts import Caption, Speech, Translation
from services.common.topics import Headers

_EXPORT_S = 3.0
"""For one batch, tries included. What can't be exported is dropped."""
_WAITING_SPANS = 4096
_EVERY_MS = 1000.0


class Traces:
    """Spans of segments, exported in the background. Nobody waits for it."""

    def __init__(self, processor: SpanProcessor, instance: str) -> None:
        """instance: tells the spans of one notifier from those of another."""
        self._instance = instance
        self._ids = _Given()
        self._propagator = TraceContextTextMapPropagator()
        self._tracers = {}
        for service in sorted(set(stages.SERVICE.values())):
            provider = TracerProvider(
                sampler=ALWAYS_ON,
                resource=Resource({"service.namespace": "dragoman", "service.name": service}),
                id_generator=self._ids,
                shutdown_on_exit=False,
            )
            provider.add_span_processor(processor)
            self._tracers[service] = provider.get_tracer("dragoman")

    @classmethod
    @asynccontextmanager
    async def open(cls, endpoint: str, instance: str) -> AsyncIterator["Traces"]:
        """endpoint: where OTLP is taken by HTTP, with its path: ``http://127.0.0.1:4318/v1/traces``."""
        exporter = OTLPSpanExporter(endpoint, timeout=_EXPORT_S)
        processor = BatchSpanProcessor(exporter, _WAITING_SPANS, schedule_delay_millis=_EVERY_MS)
        try:
            yield cls(processor, instance)
        finally:
            await asyncio.to_thread(processor.shutdown)  # with what is waiting

    def published(self, record: Translation) -> Headers:
        """Trace a segment with its last record. Returns what the record needs to be published with."""
        if not isinstance(record, Caption | Speech):
            return ()
        root = _root(record)
        if isinstance(record, Speech) or not record.spoken:
            self._trace_segment(record, root)
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, set_span_in_context(NonRecordingSpan(root)))
        return tuple((name, value.encode()) for name, value in carrier.items())

    def announced(self, record: Caption | Speech, headers: Headers, read_at_ms: float, told_at_ms: float) -> None:
        """Add to the segment's trace, if it has one, how its first listener here was told."""
        carrier = {name: value.decode(errors="replace") for name, value in headers if value is not None}
        root = get_current_span(self._propagator.extract(carrier, Context())).get_span_context()
        if not root.is_valid:
            return
        notice = "speech" if isinstance(record, Speech) else "caption"
        for stage, start_ms, end_ms in (
            (stages.TRANSLATIONS_TOPIC, record.published_at_ms, read_at_ms),
            (stages.NOTIFY, read_at_ms, told_at_ms),
        ):
            self._span(stage, root, start_ms, end_ms, {"notice": notice}, f"{notice} {self._instance}")

    def _trace_segment(self, record: Caption | Speech, root: SpanContext) -> None:
        laid_out = stages.laid_out(record.stages, record.published_at_ms)
        self._ids.trace_id, self._ids.span_id = root.trace_id, root.span_id
        span = self._tracers["translator"].start_span(
            "segment",
            Context(),
            start_time=_ns(laid_out[0][1] if laid_out else record.published_at_ms),
            attributes={
                "session.id": record.session_id,
                "language": record.language,
                "segment": record.index,
                "floor.start_ms": record.start_ms,
                "floor.end_ms": record.end_ms,
            },
        )
        if record.failed:
            span.set_status(StatusCode.ERROR, record.failed)
        span.end(_ns(record.published_at_ms))
        for stage, start_ms, end_ms in laid_out:
            self._span(stage, root, start_ms, end_ms, {}, "")

    def _span(
        self, stage: str, root: SpanContext, start_ms: float, end_ms: float, attributes: Mapping[str, str], which: str
    ) -> None:
        self._ids.span_id = _id(8, f"{root.trace_id:x} {stage} {which}")
        parent = set_span_in_context(NonRecordingSpan(root), Context())
        tracer = self._tracers[stages.SERVICE[stage]]
        span = tracer.start_span(stage, parent, start_time=_ns(start_ms), attributes=attributes)
        span.end(_ns(end_ms))


class _Given(IdGenerator):
    """Whoever begins a span has said its ids."""

    trace_id = 0
    span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


def _root(record: Caption | Speech) -> SpanContext:
    segment = f"{record.session_id} {record.language} {record.index}"
    return SpanContext(_id(16, segment), _id(8, segment), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _id(size: int, of: str) -> int:
    return int.from_bytes(hashlib.blake2b(of.encode(), digest_size=size).digest()) or 1


def _ns(at_ms: float) -> int:
    return round(at_ms * 1_000_000)
