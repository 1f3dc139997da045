"""What has been counted between two looks at the services. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Key = tuple[str, str, Labels]
"""Instance, name, labels."""


@dataclass(frozen=True)
class Look:
    """What the services said at one time, by instance. checks: None where it didn't answer. metrics: as served."""

    at_s: float
    checks: Mapping[str, Mapping[str, bool] | None]
    metrics: Mapping[str, str]

    @cached_property
    def samples(self) -> dict[Key, float]:
        return {
            (instance, sample.name, frozenset(sample.labels.items())): sample.value
            for instance, text in self.metrics.items()
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


class Spread(NamedTuple):
    """Of a histogram: how many were measured; seconds."""

    measured: float
    mean: float
    p95: float


@dataclass(frozen=True)
class Period:
    """From the first look, or from the services' start, until the last."""

    first: Look | None
    last: Look

    @property
    def seconds(self) -> float | None:
        """None: since the start."""
        return self.last.at_s - self.first.at_s if self.first else None

    def gauge(self, name: str) -> float:
        """Over all instances, now."""
        return sum(value for (_, found, _), value in self.last.samples.items() if found == name)

    def total(self, name: str, **labels: str) -> float:
        """What a counter has gained, over all instances and all labels that aren't given."""
        return sum(value for _, value in self._grown(name, labels))

    def spread(self, name: str, **labels: str) -> Spread | None:
        """None: nothing was measured."""
        count = self.total(f"{name}_count", **labels)
        if not count:
            return None
        mean = self.total(f"{name}_sum", **labels) / count
        buckets: dict[float, float] = {}
        for found, value in self._grown(f"{name}_bucket", labels):
            upper = float(dict(found)["le"])
            buckets[upper] = buckets.get(upper, 0.0) + value
        return Spread(count, mean, quantile(buckets, 0.95))

    def _grown(self, name: str, labels: Mapping[str, str]) -> Iterator[tuple[Labels, float]]:
        wanted = labels.items()
        for key, value in self.last.samples.items():
            if key[1] == name and wanted <= key[2]:
                before = self.first.samples.get(key, 0.0) if self.first else 0.0
                yield key[2], value - before if value >= before else value  # else it was started again


def quantile(buckets: Mapping[float, float], share: float) -> float:
    """Of values counted up to each bound: straight within a bucket, the last finite bound for what is above it."""
    bounds = sorted(buckets)
    wanted = share * buckets[bounds[-1]]
    lower = below = 0.0
    for upper in bounds:
        if buckets[upper] >= wanted:
            if upper == float("inf"):
                return lower
            inside = buckets[upper] - below
            return upper if not inside else lower + (upper - lower) * (wanted - below) / inside
        lower, below = upper, buckets[upper]
    return lower
