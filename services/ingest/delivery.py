"""One connection's frames on their way to Kafka: in order, and no more at a time than a window holds."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, replace

from services.common.contracts import Frame
from services.common.kafka import KafkaUnavailable
from services.common.topics import AUDIO
from services.ingest import metrics
from services.ingest.floor import Position
from services.ingest.ports import RecordPublisher


@dataclass(frozen=True)
class _Sent:
    position: Position
    """Where the floor goes on after this frame."""
    answer: "asyncio.Future[object] | None"
    """None: there is nothing to wait for but the frames before it."""
    pcm_bytes: int
    since_s: float


class Delivery:
    """``put`` and ``skip`` in the order of the floor; ``delivered`` tells how far Kafka has it."""

    def __init__(self, publisher: RecordPublisher, *, window: int, limit_s: float) -> None:
        """limit_s: how long Kafka may take for a frame."""
        self._publisher = publisher
        self._limit_s = limit_s
        self._free = asyncio.Semaphore(window)
        self._order = asyncio.Lock()
        self._on_the_way: deque[_Sent] = deque()
        self._added = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, frame: Frame, after: Position) -> None:
        """Hand a frame or a mark over; waits while the window is full. Raises KafkaUnavailable."""
        after = replace(after)  # as it is now: the floor goes on while this waits
        await self._free.acquire()
        async with self._order:
            since_s = time.monotonic()
            try:
                async with asyncio.timeout(self._limit_s):
                    answer = await self._publisher.enqueue(AUDIO, frame)
            except TimeoutError:
                raise KafkaUnavailable(f"Kafka took no frame for {self._limit_s:g} s") from None
            answer.add_done_callback(_retrieve)
            self._on_the_way.append(_Sent(after, answer, len(frame.pcm), since_s))
        self._added.set()

    async def skip(self, after: Position) -> None:
        """A frame that is dropped here: it counts as delivered once those before it are."""
        after = replace(after)
        await self._free.acquire()
        self._on_the_way.append(_Sent(after, None, 0, time.monotonic()))
        self._added.set()

    async def delivered(self) -> Position:
        """Wait until Kafka has more, and return where the floor goes on after that. Raises KafkaUnavailable."""
        while not self._on_the_way:
            self._added.clear()
            await self._added.wait()
        oldest = self._on_the_way[0]
        if oldest.answer is not None:
            left_s = oldest.since_s + self._limit_s - time.monotonic()
            await asyncio.wait((oldest.answer,), timeout=max(0.0, left_s))  # does not cancel it, as wait_for would
            if not oldest.answer.done():
                raise KafkaUnavailable(f"Kafka confirmed no frame for {self._limit_s:g} s")
        position = oldest.position
        while self._on_the_way and _is_there(self._on_the_way[0]):
            position = self._on_the_way.popleft().position
            self._free.release()
        self._taken.set()
        return position

    async def drained(self) -> None:
        """Wait until Kafka has everything that was put; somebody else must be taking ``delivered``."""
        while self._on_the_way:
            self._taken.clear()
            await self._taken.wait()

    @property
    def empty(self) -> bool:
        """Whether Kafka has everything that was put."""
        return not self._on_the_way


def _is_there(sent: _Sent) -> bool:
    """Whether Kafka has it by now. Raises KafkaUnavailable where it refused."""
    if sent.answer is None:
        return True
    if not sent.answer.done():
        return False
    if sent.answer.cancelled() or sent.answer.exception() is not None:
        raise KafkaUnavailable("Kafka refused a frame") from (
            None if sent.answer.cancelled() else sent.answer.exception()
        )
    metrics.FRAMES.labels("delivered").inc(bool(sent.pcm_bytes))
    metrics.AUDIO_BYTES.inc(sent.pcm_bytes)
    metrics.ACK_SECONDS.observe(time.monotonic() - sent.since_s)
    return True


def _retrieve(answer: "asyncio.Future[object]") -> None:
    """So that the answer to a frame whose connection is gone is not reported as forgotten."""
    if not answer.cancelled():
        answer.exception()
