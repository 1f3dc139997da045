"""Puts captions and speech into their form on the wire: once for all listeners who are told at about the same time."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.common import stages
from services.common.clock import now_ms
from services.common.contracts import Caption, Speech
from services.notifier import messages, metrics
from services.notifier.presign import Presigner
from services.notifier.tail import AnyNotice

if TYPE_CHECKING:
    from services.common.traces import Traces

_SHARED_MS = 1_000.0
"""Whoever is told later gets the time of sending, and the URL, anew."""
_WIRES_KEPT = 256
"""Forms on the wire are worth their memory only while they are shared."""


class Announcer:
    """Notices to text."""

    def __init__(self, presigner: Presigner, clock: Callable[[], float], traces: "Traces | None" = None) -> None:
        """clock: steady milliseconds. traces: where there are any."""
        self._presigner = presigner
        self._clock = clock
        self._traces = traces
        self._wired: deque[AnyNotice] = deque()

    async def wire(self, notice: AnyNotice, *, history: bool = False) -> str:
        """The notice as it is sent now. history: it is a caption from before the listener came.

        Raises EngineUnavailable where a clip's URL can't be signed.
        """
        if history:
            return await self._encode(notice, history=True)
        if self._clock() - notice.wire_at_ms > _SHARED_MS:
            notice.wire = await self._encode(notice, history=False)
            notice.wire_at_ms = self._clock()
            self._wired.append(notice)
            if len(self._wired) > _WIRES_KEPT:
                self._wired.popleft().unwire()
        return notice.wire

    def told(self, notice: AnyNotice) -> None:
        """Count, and where it is traced trace, that a listener who was there when the notice came has got it."""
        now, record = now_ms(), notice.record
        metrics.ANNOUNCE_DELAY.observe((now - record.published_at_ms) / 1000)
        if notice.announced:
            return
        notice.announced = True
        metrics.announced(record, {**record.stages, stages.NOTIFY: now - notice.read_at_ms}, now)
        if self._traces:
            self._traces.announced(record, notice.headers, notice.read_at_ms, now)

    async def _encode(self, notice: AnyNotice, *, history: bool) -> str:
        record = notice.record
        url: str | None = None
        if isinstance(record, Speech) and record.key is not None:
            url = await self._presigner.url(record.key)
        now = now_ms()
        passed = {**record.stages, stages.NOTIFY: now - notice.read_at_ms}
        if isinstance(record, Caption):
            return messages.encode(messages.caption_notice(record, passed, now, history=history))
        return messages.encode(messages.speech_notice(record, url, passed, now))
