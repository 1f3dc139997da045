"""Where a segment's lag comes from: every stage has one name, used in records, metrics, traces and reports."""

from collections.abc import Mapping

CAPTURE = "capture"
"""End of the word at the microphone -> its frame at ingest."""
AUDIO_TOPIC = "audio_topic"
"""Ingest had the frame -> the transcriber read it from Kafka."""
AGREE = "agree"
"""Frame read -> the decode that made the word final began: waiting for more speech and for agreement."""
RECOGNIZE = "recognize"
"""That decode."""
TRANSCRIPTS_TOPIC = "transcripts_topic"
"""Final handed over for publication -> the translator read it, transaction included."""
DECIDE = "decide"
"""Final read -> the segment was decided, without translating: waiting for context and for the playhead."""
TRANSLATE = "translate"
SYNTHESIZE = "synthesize"
STORE = "store"
TRANSLATIONS_TOPIC = "translations_topic"
"""Speech handed over for publication -> the notifier read it, transaction included."""
NOTIFY = "notify"
"""Notifier read it -> the listener has the notice, signing included."""
FETCH = "fetch"
PLAY_WAIT = "play_wait"
"""Clip fetched -> its first sample is heard: waiting for the clips before it."""

ALL = (
    CAPTURE,
    AUDIO_TOPIC,
    AGREE,
    RECOGNIZE,
    TRANSCRIPTS_TOPIC,
    DECIDE,
    TRANSLATE,
    SYNTHESIZE,
    STORE,
    TRANSLATIONS_TOPIC,
    NOTIFY,
    FETCH,
    PLAY_WAIT,
)
"""In the order in which a segment passes them."""

SERVICE = {
    CAPTURE: "ingest",
    AUDIO_TOPIC: "transcriber",
    AGREE: "transcriber",
    RECOGNIZE: "transcriber",
    TRANSCRIPTS_TOPIC: "translator",
    DECIDE: "translator",
    TRANSLATE: "translator",
    SYNTHESIZE: "translator",
    STORE: "translator",
    TRANSLATIONS_TOPIC: "notifier",
    NOTIFY: "notifier",
}
"""Which service a stage ends in, and is measured by."""

OWN = (AUDIO_TOPIC, TRANSCRIPTS_TOPIC, STORE, TRANSLATIONS_TOPIC, NOTIFY, FETCH)
"""Own overhead: all but engines, capture (the frame's own length) and deliberate waits."""


def laid_out(spent: Mapping[str, float], until_ms: float) -> list[tuple[str, float, float]]:
    """Stages with their beginning and end, one after the other, the last one ending then (wall clock, Unix ms).

    spent: milliseconds by stage, as records have them.
    """
    placed = []
    for stage in reversed(ALL):
        if stage in spent:
            began_ms = until_ms - max(0.0, spent[stage])
            placed.append((stage, began_ms, until_ms))
            until_ms = began_ms
    return placed[::-1]
