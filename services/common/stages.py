"""Where a segment's lag comes from: every stage has one name, used in records, metrics and reports."""

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

OWN = (AUDIO_TOPIC, TRANSCRIPTS_TOPIC, STORE, TRANSLATIONS_TOPIC, NOTIFY, FETCH)
"""Own overhead: all but engines, capture (the frame's own length) and deliberate waits."""
