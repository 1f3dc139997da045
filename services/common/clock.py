"""Wall clock, in the unit that records use."""

import time


def now_ms() -> float:
    """Milliseconds since the Unix epoch."""
    return time.time() * 1000
