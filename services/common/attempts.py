"""Limits the guessing of readable codes. Pure.

Failures are counted, by the address that they come from and in all; a right code costs nothing, so a hall of people
behind one address may all join at once. An address that has used up what it may fail is held up alone; once all
together have, codes are looked up for nobody, right or wrong. Links carry the session id and are never held up.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ADDRESSES_KEPT = 10_000


class TooManyFailures(Exception):
    """No code is looked up for now."""


@dataclass
class _Bucket:
    """Allows ``burst`` failures, and regains one every ``regain_ms``."""

    burst: int
    regain_ms: float
    used: float = 0.0
    at_ms: float = 0.0
    open: Counter[str] = field(default_factory=Counter)
    """Codes that are being looked up, with how many wait for each."""

    def takes(self, code: str, now_ms: float) -> bool:
        """Whether one more lookup may fail. Many who wait for the same code learn no more than one."""
        self.used = max(0.0, self.used - max(0.0, now_ms - self.at_ms) / self.regain_ms)
        self.at_ms = now_ms
        others = len(self.open) - (code in self.open)
        return self.used + others <= self.burst - 1

    def close(self, code: str) -> None:
        self.open[code] -= 1
        if not self.open[code]:
            del self.open[code]


class Lookup:
    """One lookup of a code."""

    def __init__(self, buckets: tuple[_Bucket, ...]) -> None:
        self._buckets = buckets

    def failed(self) -> None:
        """It found nothing."""
        for bucket in self._buckets:
            bucket.used = min(bucket.burst, bucket.used + 1)


class Attempts:
    """Lookups of codes that failed, and those that still may, by address and in all."""

    def __init__(self) -> None:
        self._all = _Bucket(burst=300, regain_ms=200.0)
        self._by_address: OrderedDict[str, _Bucket] = OrderedDict()

    def held_up(self, code: str, address: str, now_ms: float) -> bool:
        """Whether this code is not looked up for this address now, right or wrong."""
        known = self._by_address.get(address)
        return not all(bucket.takes(code, now_ms) for bucket in (self._all, known) if bucket is not None)

    @contextmanager
    def lookup(self, code: str, address: str, now_ms: float) -> Iterator[Lookup]:
        """For as long as the lookup takes: until it is over it counts as one that fails, so that many at once are no
        more than one after the other. Raises TooManyFailures.
        """
        if self.held_up(code, address, now_ms):
            raise TooManyFailures("too many wrong codes; wait a minute, or use the link")
        buckets = (self._all, self._of(address, now_ms))
        for bucket in buckets:
            bucket.open[code] += 1
        try:
            yield Lookup(buckets)
        finally:
            for bucket in buckets:
                bucket.close(code)

    def _of(self, address: str, now_ms: float) -> _Bucket:
        """A whole hall mistypes less; a single address may use up a fifth of what all may."""
        bucket = self._by_address.pop(address, None) or _Bucket(burst=150, regain_ms=1_000.0, at_ms=now_ms)
        self._by_address[address] = bucket
        if len(self._by_address) > _ADDRESSES_KEPT:
            self._by_address.popitem(last=False)
        return bucket
