"""Keeps calls within one of the account's quotas, so that what must be given up is given up here, at once."""

import asyncio
import time

import structlog

from services.common.bucket import Bucket
from services.common.errors import Overloaded
from services.translator import metrics

log = structlog.get_logger(__name__)


class Quota:
    """A bucket to wait at. Says when it begins to shed, and when it has ended."""

    def __init__(self, name: str, *, per_s: float, patience_s: float) -> None:
        """per_s: calls; bursts of a second's worth may pass. patience_s: who would wait longer is turned away."""
        self._name = name
        self._bucket = Bucket(per_s, burst=max(1.0, per_s))
        self._patience_s = patience_s
        self._shedding = False

    async def turn(self) -> None:
        """Return when a call may be made. Raises Overloaded at once where that would be too late."""
        wait_s = self._bucket.take(time.monotonic(), self._patience_s)
        if self._shedding != (wait_s is None):
            self._shedding = wait_s is None
            log.warning("quota_used_up" if self._shedding else "quota_free_again", quota=self._name)
        if wait_s is None:
            metrics.CALLS_SHED.labels(self._name).inc()
            raise Overloaded(f"{self._name}: quota used up for more than {self._patience_s:g} s")
        await asyncio.sleep(wait_s)

    def throttled(self) -> None:
        """The service says that the account has none left, whatever was counted here: others call too."""
        metrics.CALLS_THROTTLED.labels(self._name).inc()
        self._bucket.drain()
