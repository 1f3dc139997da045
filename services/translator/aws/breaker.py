"""Spares a service that is away the calls of all lanes: one asks for all of them, until it is back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from services.common.errors import EngineRejected, EngineUnavailable, Overloaded

log = structlog.get_logger(__name__)


class Throttled(EngineUnavailable):
    """The service is there, and takes no more calls for now."""


@dataclass
class Breaker:
    """Opens after so many failures in a row; then one call may try, and another a while later, until one succeeds.

    Pure: whoever calls says what time it is, in seconds.
    """

    failures: int = 5
    pause_s: float = 0.5
    """Short beside the deadline of a caption: who is turned away asks again within it."""
    failed: int = 0
    """In a row."""
    _again_at_s: float = 0.0

    @property
    def open(self) -> bool:
        return self.failed >= self.failures

    def may_call(self, now_s: float) -> bool:
        """Whether a call may be made now."""
        if self.open and now_s < self._again_at_s:
            return False
        self._again_at_s = now_s + self.pause_s
        return True


class Circuit:
    """A breaker to call through. Says when the service is away, and when it is back."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._breaker = Breaker()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Raises EngineUnavailable instead of a call that would be in vain."""
        if not self._breaker.may_call(time.monotonic()):
            raise EngineUnavailable(f"{self._name} is away: {self._breaker.failed} calls in a row have failed")
        try:
            yield
        except Overloaded:
            raise  # no call was made
        except (EngineRejected, Throttled):
            self._answered()
            raise
        except EngineUnavailable as fault:
            self._breaker.failed += 1
            if self._breaker.failed == self._breaker.failures:
                log.error("service_away", service=self._name, reason=str(fault))
            raise
        self._answered()

    def _answered(self) -> None:
        if self._breaker.open:
            log.warning("service_back", service=self._name)
        self._breaker.failed = 0
