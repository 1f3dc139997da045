"""What ingest counts."""

from prometheus_client import Counter, Gauge, Histogram

from services.common.telemetry import LATENCY_BUCKETS_S

FRAMES = Counter("dragoman_ingest_frames_total", "Frames of floor audio by what became of them", ["outcome"])
"""outcome: delivered, dropped (paused or muted), repeated."""
AUDIO_BYTES = Counter("dragoman_ingest_audio_bytes_total", "PCM that Kafka has")
ACK_SECONDS = Histogram(
    "dragoman_ingest_ack_seconds", "From a frame's arrival until Kafka has it", buckets=LATENCY_BUCKETS_S
)
MISSING = Counter("dragoman_ingest_missing_seconds_total", "Audio that was to come and never did: marked as missing")
FLOORS_UNKNOWN = Counter(
    "dragoman_ingest_floors_unknown_total", "Floors not found on the audio topic in time: what is missing has no mark"
)
SOCKETS = Gauge("dragoman_ingest_sockets", "Speakers' sockets that are open")
CLOSED = Counter("dragoman_ingest_sockets_closed_total", "Speakers' sockets by our close code, or client", ["code"])
