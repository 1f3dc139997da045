"""What the transcriber counts."""

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

from services.common.telemetry import LATENCY_BUCKETS_S

Missing = Literal["never came", "refused", "given up"]

DECODE = Histogram("dragoman_transcriber_decode_seconds", "One decode of a recognizer", buckets=LATENCY_BUCKETS_S)
WORD_DELAY = Histogram(
    "dragoman_transcriber_word_delay_seconds",
    "End of a final's last word at the microphone to its publication",
    buckets=LATENCY_BUCKETS_S,
)
STREAMS = Gauge("dragoman_transcriber_streams", "Sessions that are being recognized")
REFUSED = Counter("dragoman_transcriber_frames_refused_total", "Frames not recognized because every stream was taken")
FINALS = Counter("dragoman_transcriber_finals_total", "Finals published")
FAILURES = Counter("dragoman_transcriber_failures_total", "Recognizer streams that failed", ["kind"])
"""kind: overloaded, unavailable or nonsense (opened again), rejected (their audio was passed over), fault (of this
program: opened again, passed over at the second in the same place)."""
GIVEN_UP = Counter("dragoman_transcriber_given_up_seconds_total", "Audio at which every stream failed, passed over")
MISSING = Counter("dragoman_transcriber_missing_seconds_total", "Audio that is marked as missing", ["loss"])
"""loss: never came (from the speaker), refused (no stream was free), given up (every stream failed at it)."""
BILLED = Counter("dragoman_transcriber_billed_seconds_total", "Audio that Transcribe bills: at least 15 s a call")
