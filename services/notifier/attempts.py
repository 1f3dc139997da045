"""Limits the guessing of codes. Pure.

It counts failures, not listeners and not addresses: a hall of people behind one address may all join at once, and a
right code costs nothing. Failures are counted for codes that begin alike and for all together; while one of these is
used up, codes are not looked up at all, right or wrong. Links carry the session id and are never held up.
"""

from dataclasses import dataclass

from services.notifier.messages import Refused

_PREFIX = 2
_PREFIXES_KEPT = 2_000


@dataclass
class Bucket:
    """Allows ``burst`` failures, and regains one every ``regain_ms``."""

    burst: int
    regain_ms: float
    used: float = 0.0
    at_ms: float = 0.0

    def settle(self, now_ms: float) -> None:
        """Give back what was regained since the last look."""
        self.used = max(0.0, self.used - max(0.0, now_ms - self.at_ms) / self.regain_ms)
        self.at_ms = now_ms

    @property
    def exhausted(self) -> bool:
        return self.used > self.burst - 1


class Attempts:
    """Failed lookups of codes, by the beginning of the code and in all."""

    def __init__(self) -> None:
        self._all = Bucket(burst=300, regain_ms=200.0)
        self._by_prefix: dict[str, Bucket] = {}

    def check(self, code: str, now_ms: float) -> None:
        """Before a lookup. Raises Refused 4429 while too many have failed."""
        for bucket in (self._all, self._by_prefix.get(code[:_PREFIX])):
            if bucket is not None:
                bucket.settle(now_ms)
                if bucket.exhausted:
                    raise Refused(4429, "attempts", "too many wrong codes; wait a minute, or use the link")

    def failed(self, code: str, now_ms: float) -> None:
        """After a lookup that found nothing."""
        prefix = code[:_PREFIX]
        bucket = self._by_prefix.pop(prefix, None) or Bucket(burst=20, regain_ms=3_000.0)
        self._by_prefix[prefix] = bucket
        while len(self._by_prefix) > _PREFIXES_KEPT:
            del self._by_prefix[next(iter(self._by_prefix))]
        for one in (self._all, bucket):
            one.settle(now_ms)
            one.used += 1
