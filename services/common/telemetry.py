"""Logs as JSON lines on stdout, the buckets of latency metrics, and traces where they are wanted.

Events are past tense (``segment_translated``). Bind a record's context once, with
``structlog.contextvars.bound_contextvars(session=..., language=...)``. Metrics are made with prometheus_client in the
module that counts; names carry units, labels are bounded.
"""

import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import prometheus_client
import structlog

from services.common.settings import Settings, SettingsError

if TYPE_CHECKING:
    from services.common.traces import Traces

LATENCY_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""For histograms of hops and waits, in seconds."""

_CHATTY = ("aiobotocore", "aiokafka", "asyncio", "botocore", "httpcore", "httpx", "uvicorn", "websockets")
"""Libraries that report their normal work at info; ours is what an operator reads."""


def configure(service: str, settings: Settings) -> None:
    """Send every log line of this process, ours and the libraries', to stdout as one JSON object."""
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each that counts
    level = logging.getLevelName(settings.log_level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service, settings.instance),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_to_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


@asynccontextmanager
async def open_traces(endpoint: str, instance: str) -> AsyncIterator["Traces | None"]:
    """None, and nothing of OpenTelemetry is imported, where the endpoint is empty. Raises SettingsError."""
    if not endpoint:
        yield None
        return
    try:
        from services.common.traces import Traces
    except ModuleNotFoundError as fault:
        raise SettingsError(
            f"DRAGOMAN_TRACES_ENDPOINT={endpoint}: {fault.name} is not installed; pip install 'dragoman[traces]'"
        ) from fault
    async with Traces.open(endpoint, instance) as traces:
        yield traces


def _named(service: str, instance: str) -> structlog.typing.Processor:
    def add(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        event["instance"] = instance
        return event

    return add


def _to_json(event: Mapping[str, object], **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
