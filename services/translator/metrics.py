"""What the translator counts."""

from prometheus_client import Counter, Histogram

from services.common.telemetry import LATENCY_BUCKETS_S

SEGMENTS = Counter("dragoman_translator_segments_total", "Segments published, those marked as failed too", ["language"])
LOSSES = Counter(
    "dragoman_translator_losses_total", "Segments of which listeners went without something", ["language", "loss"]
)
"""loss: untranslated (a marked caption), unspoken (the clip could not be made), shed (it would have come too late)."""
BACKLOG = Histogram(
    "dragoman_translator_backlog_seconds",
    "Speech that listeners still had to hear when a segment was decided",
    ["language"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24),
)
ENGINE_SECONDS = Histogram(
    "dragoman_translator_engine_seconds", "One call of an engine or the store", ["work"], buckets=LATENCY_BUCKETS_S
)
ENGINE_FAILURES = Counter("dragoman_translator_engine_failures_total", "Calls that failed", ["work", "kind"])
"""work: translate, synthesize, store. kind: overloaded, unavailable, rejected, overdue, fault (of the adapter)."""
LANE_FAILURES = Counter("dragoman_translator_lane_failures_total", "Lanes begun anew after a fault in them")
CALLS_SHED = Counter("dragoman_translator_calls_shed_total", "Calls not made, for their quota was used up", ["engine"])
CALLS_THROTTLED = Counter(
    "dragoman_translator_calls_throttled_total", "Calls that the service refused for the account's quota", ["engine"]
)
PHRASES = Counter("dragoman_translator_phrases_total", "Phrases looked up in the cache", ["work", "found"])
BILLED_CHARACTERS = Counter("dragoman_translator_billed_characters_total", "Characters that Amazon bills", ["engine"])
"""engine: translate, polly."""
