"""What the notifier can be told through ``DRAGOMAN_*``."""

from typing import Annotated

import msgspec

from services.common.languages import EngineSet
from services.common.settings import Endpoint, Port, PositiveInt, Proxies, Seconds, Settings


class NotifierSettings(Settings, frozen=True, kw_only=True):
    """One notifier task."""

    notifier_port: Port = 18084
    proxies: Proxies = 0
    """How many proxies of ours requests pass, each of which adds to X-Forwarded-For whom it got them from."""
    translator_engines: EngineSet = "local"
    """As the translator's: what listeners can choose."""
    clips_bucket: Annotated[str, msgspec.Meta(min_length=3, max_length=63)] = "dragoman-clips"
    clips_endpoint: Annotated[str, msgspec.Meta(pattern="^https?://")] | None = None
    """S3 as listeners reach it, for their URLs; default ``AWS_ENDPOINT_URL``, and without that AWS itself."""
    traces_endpoint: Endpoint = ""
    """Where traces are sent (OTLP by HTTP, with its path); empty: there are none."""
    aws_region: str = "us-east-1"
    tail_minutes: Annotated[float, msgspec.Meta(gt=0, le=120)] = 15.0
    """How far back a listener can resume."""
    tail_segments: PositiveInt = 500
    """Segments kept per session and language, at most."""
    kept_segments: PositiveInt = 20_000
    """Segments kept in all, at most; the oldest go first. One takes about 3 KB."""
    max_listeners: PositiveInt = 10_000
    max_session_listeners: PositiveInt = 5_000
    join_s: Seconds = 10.0
    """How long a socket may stay open without a join."""
    keep_up_s: Seconds = 20.0
    """How long a listener may take to read all there is for it."""
    finish_s: Seconds = 15.0
    """After the end of session and transcript: how long nothing may come before a language counts as finished."""
