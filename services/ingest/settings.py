"""What ingest is told from outside."""

from typing import Annotated

import msgspec

from services.common.languages import EngineSet
from services.common.settings import Port, PositiveInt, Proxies, Seconds, Settings

_ORIGIN = r"https?://[^/,\s]+"
Origins = Annotated[str, msgspec.Meta(pattern=rf"^{_ORIGIN}(,{_ORIGIN})*$")]


class IngestSettings(Settings, frozen=True, kw_only=True):
    """Read from ``DRAGOMAN_*``; those without a default must be given."""

    ingest_port: Port = 18081
    allowed_origins: Origins = "http://127.0.0.1:18080,http://localhost:18080,http://127.0.0.1:18079"
    """Comma-separated origins of pages that may use the REST side; by default those of ``make up``, ``make dev``."""
    proxies: Proxies = 0
    """How many proxies of ours requests pass, each of which adds to X-Forwarded-For whom it got them from."""
    jwks_url: str
    """Where the keys that sign speakers' tokens are published."""
    token_issuer: str
    """``iss`` of the tokens, which need not be where the keys are."""
    token_client_id: str
    """``client_id`` of the tokens: the app that speakers sign in to."""
    recognizer: EngineSet = "local"
    """As the transcriber's: what can be spoken."""
    translator_engines: EngineSet = "local"
    """As the translator's: what listeners can choose."""
    sessions_table: str = "dragoman-sessions"
    aws_region: str = "us-east-1"
    grace_s: Seconds = 120.0
    """How long a session stays live (or muted) without its speaker; then it is paused."""
    max_session_s: Seconds = 12 * 3600.0
    """A session ends by itself at this age."""
    live_sessions: PositiveInt = 8
    """Sessions of all that may be live or muted at once: what all transcribers can carry. No more are begun."""
    speaker_live_sessions: PositiveInt = 4
    """Sessions of one speaker that may be live or muted at once."""
    speaker_sessions: PositiveInt = 100
    """Sessions of one speaker that have not ended."""
    start_timeout_s: Seconds = 10.0
    """From the socket's opening to the message ``start``."""
    idle_timeout_s: Seconds = 60.0
    """A live session's socket without any message for this long is closed."""
    in_flight_frames: PositiveInt = 64
    """Frames on their way to Kafka; with these the socket is not read."""
    kafka_timeout_s: Seconds = 8.0
    """How long Kafka may take before the speaker is told. Below the socket's ping timeout, which runs meanwhile."""
    audio_burst_s: Seconds = 150.0
    """Audio that may come at once: more than a client keeps while it is cut off."""
    audio_rate: Seconds = 2.0
    """Seconds of audio per second beyond the burst."""
