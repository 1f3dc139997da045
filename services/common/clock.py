"""The two clocks. A time that another process may read is the wall's; what is only measured here is steady."""

import time


def now_ms() -> float:
    """Wall clock: milliseconds since the Unix epoch. It jumps, back too, when the machine's clock is set."""
    return time.time() * 1000


def steady_ms() -> float:
    """Milliseconds that never go back and never jump; only differences within this process mean anything."""
    return time.monotonic() * 1000
