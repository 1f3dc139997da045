"""A lane: one language of one session, in order. Deciding what to say and speaking it overlap, each a task."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import structlog

from services.common import stages
from services.common.clock import now_ms
from services.common.contracts import (
    Caption,
    Final,
    Finished,
    LaneFinished,
    Translation,
)
from services.common.errors import EngineError, EngineRejected, ends_process
from services.common.kafka import Received
from services.translator import metrics, records
from services.translator.chunker import Chunker, Piece
from services.translator.engines import Engines
from services.translator.heard import HeardFinals
from services.translator.playhead import Pace, Playhead
from services.translator.published import DELIVERY_MS, Published

log = structlog.get_logger(__name__)

_CLIP_MS = 150.0
"""What it takes to make and store a clip, until it is done."""


@dataclass(frozen=True)
class LanePolicy:
    """How a lane speaks."""

    pace: Pace
    shed_backlog_ms: float
    """Speech that would be heard later than this is not made."""
    most_clips_waiting: int = 8
    """Nor while so many clips are still to be made, so that a stuck voice costs speech and not memory."""


@dataclass(frozen=True)
class LaneContext:
    """What a lane is given: who it is, what it works with, where its records go."""

    session_id: str
    language: str
    engines: Engines
    policy: LanePolicy
    publish: Callable[[Translation], None]
    """Puts a record into the outbox; synchronous."""
    ended: Callable[[], None]
    """The lane has said everything and hears nothing any more; synchronous."""
    speech_wanted: Callable[[], bool]
    """Whether anybody takes speech, or may come back for it."""
    clock: Callable[[], float]
    """Steady ms: what the playhead and the chunker go by. Records tell the wall's time."""


@dataclass
class Lane:
    """Runs from ``run`` until everything is said and the session has finished, or the lane has retired."""

    context: LaneContext
    chunker: Chunker
    published: Published

    def __post_init__(self) -> None:
        self.playhead = Playhead(self.context.clock() + self.published.backlog_ms(now_ms()))
        self._heard = HeardFinals()
        self._changed = asyncio.Event()
        self._to_speak = asyncio.Event()
        self._source = ""
        self.end: tuple[int, Finished] | None = None
        """Offset and record of the session's end, once the lane has been told of it, until it has said so."""
        self._retiring = False
        self._fault: Exception | None = None
        """What came of something that the session said: the end of the lane's task."""
        self._shedding = False
        self._translate_ms = 0.0

    # -- called by the session, synchronously --

    def hear(self, received: Received[Final], *, alone: bool = False) -> None:
        """Take the next final in. alone: only once all before it is said."""
        self._source = received.record.language
        with self._own_faults():
            if (heard := self._heard.hear(received, alone=alone)) is not None:
                self.chunker.hear(self._by_our_clock(heard.final))
            else:
                self.chunker.drain(True)

    @contextmanager
    def _own_faults(self) -> Iterator[None]:
        """A fault within is the end of this lane's task, not of whoever calls. Wakes that task in any case."""
        try:
            yield
        except Exception as fault:
            self._fault = self._fault or fault
        self._changed.set()

    def _by_our_clock(self, final: Final) -> Final:
        """The final with its epoch on the lane's clock. Whatever the speaker's says, no word is yet to be spoken."""
        if not final.words:
            return final
        now = self.context.clock()
        epoch_ms = min(now - now_ms() + final.floor_epoch_ms, now - final.words[-1].end_ms)
        return msgspec.structs.replace(final, floor_epoch_ms=epoch_ms)

    def finish(self, offset: int, finished: Finished) -> None:
        """The session has ended: say the rest, then publish LaneFinished."""
        self.end = offset, finished
        with self._own_faults():
            if not self._heard.hold_back:
                self.chunker.finish(finished.previous_mark)

    def retire(self, retiring: bool) -> None:
        """Nobody listens any more (or somebody does again): say what was heard, then end."""
        if retiring != self._retiring:
            self._retiring = retiring
            with self._own_faults():
                self.chunker.drain(retiring or self._heard.hold_back)

    @property
    def waiting(self) -> int:
        """Words heard that are in no segment yet."""
        return self.chunker.waiting + self._heard.words_behind

    @property
    def unsettled(self) -> int | None:
        """Offset of the first record that a takeover must read again; None: all are settled."""
        self._heard.settle(self.published.done_ms, self.chunker.needed_ms)
        if (offset := self._heard.oldest_offset) is not None:
            return offset
        return self.end[0] if self.end else None

    @property
    def unsaid(self) -> list[Received[Final]]:
        """What another lane needs to go on in place of this one, oldest first; some of it may be said already."""
        return self._heard.all

    # -- tasks --

    async def run(self) -> None:
        """Decide and speak. Engines' failures end in marked records; a fault of this program is raised."""
        with structlog.contextvars.bound_contextvars(session=self.context.session_id, language=self.context.language):
            async with asyncio.TaskGroup() as tasks:
                speaking = tasks.create_task(self._speak())
                await self._decide()
                speaking.cancel()

    async def _decide(self) -> None:
        while True:
            self._changed.clear()
            if self._fault is not None:
                raise self._fault
            if text := self.chunker.ask(self.context.clock()):
                await self._translate(text)
                continue
            now = self.context.clock()
            if piece := self.chunker.decide(now, self.playhead.backlog_ms(now)):
                self._publish_caption(piece, now)
                continue
            if self._heard.hold_back and not self.chunker.waiting:
                self._go_on()
                continue
            said_all = self.chunker.finished or (self._retiring and not self.chunker.waiting)
            if said_all and not self.published.speechless:
                self._finish()
                return
            again_at = self.chunker.look_again(now, self.playhead.backlog_ms(now))
            await self._wait_until(again_at)

    def _go_on(self) -> None:
        """With what waited behind what is said now, up to the next that waits. What is missing gets a caption that
        stands for it, unless it is out already."""
        for heard in self._heard.go_on():
            if heard.final.missing is None:
                self.chunker.hear(self._by_our_clock(heard.final))
            elif heard.final.missing.end_ms > self.published.covered_ms:
                self._put_caption(records.textless(heard.final, *self._place, heard.final.missing))
        self.chunker.drain(self._retiring or self._heard.hold_back)
        if self.end is not None and not self._heard.hold_back:
            self.chunker.finish(self.end[1].previous_mark)

    async def _wait_until(self, at_ms: float | None) -> None:
        """Until something has been heard, or that time."""
        try:
            async with asyncio.timeout(None if at_ms is None else max(0.0, at_ms - self.context.clock()) / 1000):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _translate(self, text: str) -> None:
        began = self.context.clock()
        try:
            translation = await self.context.engines.translate(text, self._source, self.context.language)
        except EngineError as fault:
            log.warning("translation_failed", reason=str(fault))
            kind = "rejected" if isinstance(fault, EngineRejected) else "unavailable"
            self.chunker.refuse(f"translation {kind}")
        else:
            self.chunker.give(text, translation)
        self._translate_ms = self.context.clock() - began

    def _publish_caption(self, piece: Piece, now: float) -> None:
        voiced = self.context.language in self.context.engines.synthesizer.languages
        wanted = bool(piece.text) and voiced and self.context.speech_wanted()
        shed = wanted and self._sheds(now)
        spoken = wanted and not shed
        caption = records.caption(
            piece,
            *self._place,
            self._heard.at(piece.end_ms).received,
            spoken=spoken,
            shed=shed,
            translate_ms=self._translate_ms,
        )
        if spoken:
            backlog_ms, clip_ms = self.playhead.backlog_ms(now), self.playhead.estimate_ms(piece.text)
            expected_ms = clip_ms / self.context.policy.pace.rate(backlog_ms, clip_ms)
            metrics.BACKLOG.labels(self.context.language).observe(backlog_ms / 1000)
            self.playhead.plan(caption.index, now + _CLIP_MS + DELIVERY_MS, expected_ms)
        self._put_caption(caption)
        if piece.failed:
            self._lost("untranslated")
        self._to_speak.set()

    def _sheds(self, now: float) -> bool:
        """Whether the speech of a segment decided now is left out, since it would be heard too late."""
        behind_ms = self.playhead.backlog_ms(now)
        waiting = len(self.published.speechless)
        policy = self.context.policy
        shed = behind_ms > policy.shed_backlog_ms or waiting >= policy.most_clips_waiting
        if shed != self._shedding:
            self._shedding = shed
            event = "speech_shed" if shed else "speech_resumed"
            log.warning(event, behind_ms=round(behind_ms), waiting=waiting)
        if shed:
            self._lost("shed")
        return shed

    async def _speak(self) -> None:
        while True:
            self._to_speak.clear()
            if self.published.speechless:
                await self._speak_next(self.published.speechless[0])
            else:
                await self._to_speak.wait()

    async def _speak_next(self, caption: Caption) -> None:
        """Make the clip, store it, then publish the record that names it."""
        key: str | None = None
        duration_ms = 0.0
        failed: str | None = None
        spent: dict[str, float] = {}
        try:
            rate = self.context.policy.pace.rate(
                self.playhead.ready_ms(self.context.clock()), self.playhead.estimate_ms(caption.text)
            )
            clip = await self.context.engines.synthesize(caption.text, self.context.language, rate)
            made_at_ms = now_ms()
            wanted = f"{caption.session_id}/{caption.language}/{caption.index:06d}-{clip.digest}.{clip.extension}"
            await self.context.engines.put(wanted, clip)
            stored_at_ms = now_ms()
            key, duration_ms = wanted, clip.duration_ms
            spent = {
                stages.SYNTHESIZE: made_at_ms - caption.published_at_ms,
                stages.STORE: stored_at_ms - made_at_ms,
            }
            self.playhead.learn(caption.text, duration_ms, rate)
        except EngineError as fault:
            log.warning("speech_failed", index=caption.index, reason=str(fault))
            failed = "speech rejected" if isinstance(fault, EngineRejected) else "speech unavailable"
            self._lost("unspoken")
        except Exception as fault:
            if ends_process(fault):
                raise
            log.error("speech_failed", index=caption.index, exc_info=fault)
            key, duration_ms, failed = None, 0.0, "speech failed"
            self._lost("unspoken")
        self.playhead.measured(caption.index, self.context.clock() + DELIVERY_MS, duration_ms)
        self._put(records.speech(caption, key=key, duration_ms=duration_ms, failed=failed, spent=spent))
        self._changed.set()

    def _finish(self) -> None:
        """All is said and spoken."""
        self._heard.clear()
        if self.end is not None:
            self._put(
                LaneFinished(
                    session_id=self.context.session_id,
                    language=self.context.language,
                    segments=self.published.next_index,
                    previous_mark=self.chunker.take_late_mark(),
                )
            )
            self.end = None
        self.context.ended()

    @property
    def _place(self) -> tuple[int, str]:
        """Of the next caption: its index and language."""
        return self.published.next_index, self.context.language

    def _put_caption(self, caption: Caption) -> None:
        self._put(caption)
        metrics.SEGMENTS.labels(self.context.language).inc()

    def _lost(self, loss: str) -> None:
        metrics.LOSSES.labels(self.context.language, loss).inc()

    def _put(self, record: Translation) -> None:
        """Publish, and know that it is published, in one step."""
        self.context.publish(record)
        self.published.apply(record)
