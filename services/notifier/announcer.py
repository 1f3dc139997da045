"""Puts captions and speech into their form on the wire: once for all listeners who are told at about the same time."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from services.common import stages
from services.common.clock import now_ms
from services.common.connections import text_frame
from services.common.contracts import Caption, Speech
from services.common.errors import EngineUnavailable
from services.notifier import messages, metrics
from services.notifier.messages import Message
from services.notifier.presign import Presigner
from services.notifier.tail import AnyNotice

if TYPE_CHECKING:
    from services.common.traces import Traces

log = structlog.get_logger(__name__)

_SHARED_MS = 1_000.0
"""Whoever is told later gets the time of sending, and the URL, anew."""
_SIGN_S = 10.0
"""Credentials may have to be fetched first."""
_WIRES_KEPT = 256
"""Forms on the wire are worth their memory only while they are shared."""

Signed = Callable[[bool], None]


class Announcer:
    """Notices to frames."""

    def __init__(self, presigner: Presigner, clock: Callable[[], float], traces: "Traces | None" = None) -> None:
        """clock: steady milliseconds. traces: where there are any."""
        self._presigner = presigner
        self._clock = clock
        self._traces = traces
        self._wired: deque[AnyNotice] = deque()
        self._signing: dict[str, tuple[asyncio.Task[None], list[Signed]]] = {}
        """By key: who signs it, and who waits for that."""
        self._message: Message | None = None
        self._message_frame = b""

    def frame(self, notice: AnyNotice, signed: Signed, *, history: bool = False) -> bytes | None:
        """The notice as it is sent now. history: it is a caption from before the listener came.

        None: the URL of its clip has to be signed first. Then ``signed`` is called, with whether it is now.
        """
        if history:
            return self._encode(notice, None, history=True)
        if self._clock() - notice.wire_at_ms > _SHARED_MS:
            key, url = notice.record.key if isinstance(notice.record, Speech) else None, None
            if key is not None and (url := self._presigner.fresh(key)) is None:
                self._sign(key, signed)
                return None
            notice.wire = self._encode(notice, url, history=False)
            notice.wire_at_ms = self._clock()
            self._wired.append(notice)
            if len(self._wired) > _WIRES_KEPT:
                self._wired.popleft().unwire()
        return notice.wire

    def prepare(self, speech: Speech, ready: Callable[[], None]) -> None:
        """Sign its clip's URL, then call ``ready``: so that thousands need not each come twice for it."""
        if speech.key is None:
            ready()
        else:
            self._sign(speech.key, lambda _: ready())

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

    def message_frame(self, message: Message) -> bytes:
        """Anything else that is told; one that many are told in a row is encoded once."""
        if message is not self._message:
            self._message, self._message_frame = message, text_frame(messages.encode(message))
        return self._message_frame

    def _sign(self, key: str, signed: Signed) -> None:
        if key not in self._signing:
            self._signing[key] = asyncio.ensure_future(self._sign_for_all(key)), []
        self._signing[key][1].append(signed)

    async def _sign_for_all(self, key: str) -> None:
        there_is_a_url = False
        try:
            async with asyncio.timeout(_SIGN_S):
                await self._presigner.url(key)
            there_is_a_url = True
        except (EngineUnavailable, TimeoutError) as fault:
            log.error("clip_not_signed", reason=str(fault) or type(fault).__name__)
        finally:
            for signed in self._signing.pop(key)[1]:
                signed(there_is_a_url)

    def _encode(self, notice: AnyNotice, url: str | None, *, history: bool) -> bytes:
        record = notice.record
        now = now_ms()
        passed = {**record.stages, stages.NOTIFY: now - notice.read_at_ms}
        if isinstance(record, Caption):
            return text_frame(messages.encode(messages.caption_notice(record, passed, now, history=history)))
        return text_frame(messages.encode(messages.speech_notice(record, url, passed, now)))
