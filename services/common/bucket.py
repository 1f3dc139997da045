"""A token bucket. Pure."""

from dataclasses import dataclass, field


@dataclass
class Bucket:
    """Its tokens may be promised ahead. Whoever calls says what time it is, in seconds."""

    per_s: float
    burst: float
    _tokens: float = field(init=False)
    _at_s: float = 0.0

    def __post_init__(self) -> None:
        self._tokens = self.burst

    def take(self, now_s: float, patience_s: float) -> float | None:
        """Seconds until one may go; None: it would be more than that, and nothing is taken."""
        self._tokens = min(self.burst, self._tokens + (now_s - self._at_s) * self.per_s)
        self._at_s = now_s
        wait_s = max(0.0, (1 - self._tokens) / self.per_s)
        if wait_s > patience_s:
            return None
        self._tokens -= 1
        return wait_s

    def drain(self) -> None:
        """Nothing is left for now."""
        self._tokens = min(0.0, self._tokens)
