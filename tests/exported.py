"""Everything that the services count, as their own modules declare it."""

import importlib
from dataclasses import dataclass
from pathlib import Path

import prometheus_client

SERVICES = ("ingest", "transcriber", "translator", "notifier")
_SOURCES = Path(__file__).resolve().parents[1] / "services"


@dataclass(frozen=True)
class Metric:
    """As ``/metrics`` has it. kind: counter, gauge or histogram."""

    name: str
    kind: str
    labels: tuple[str, ...]
    services: tuple[str, ...]
    """Those that have it."""


def exported() -> dict[str, Metric]:
    """All of them by name. They are declared in modules called ``metrics``, which this imports."""
    for path in _SOURCES.rglob("metrics.py"):
        importlib.import_module(".".join(path.relative_to(_SOURCES.parent).with_suffix("").parts))
    found = {}
    for collector in prometheus_client.REGISTRY._collector_to_names:
        if (name := getattr(collector, "_name", "")).startswith("dragoman_"):
            kind: str = getattr(collector, "_type")  # noqa: B009
            name += "_total" if kind == "counter" else ""
            found[name] = Metric(name, kind, tuple(getattr(collector, "_labelnames")), _services(name))  # noqa: B009
    return found


def _services(name: str) -> tuple[str, ...]:
    own = tuple(service for service in SERVICES if name.startswith(f"dragoman_{service}_"))
    if own or name == "dragoman_kafka_unreadable_total":
        return own or SERVICES
    return ("transcriber", "translator")  # what processes partitions
