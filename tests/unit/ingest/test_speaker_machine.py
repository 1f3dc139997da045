"""The speaker's socket against a model of its protocol: any sequence of what speakers, good and bad, may send."""

import asyncio
import json
import logging
import time
from collections.abc import Coroutine
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.common.contracts import Session
from services.ingest.sessions import Change
from tests.unit.ends import Direct, End, OverSocket, until
from tests.unit.ingest.fakes import Ingest, Signer, frame, running
from tests.unit.play import Complaints, documented_codes, play

T = TypeVar("T")
_BURST_S = 30.0
_WINDOW = 8
MALFORMED = (
    "{",
    "[]",
    "7",
    '{"type": 7}',
    "\0",
    '{"type":"pause","more":' + "[" * 60_000,
    '{"type":"start","session":7}',
    '{"type":"pause"',
)
NO_FRAMES = (b"", b"\0" * 19, frame(0)[:20], frame(0)[:-1], frame(0, samples=16_001), frame(0, first_sample=2**60))

NO_NUMBERS: tuple[Any, ...] = (-1, 2**31, 1.5, "0", None, [])
WRONG_STARTS: tuple[tuple[int, dict[str, Any]], ...] = (
    *((4401, {"token": token}) for token in ("", "a.b.c", "expired", "é" * 20, "x" * 9_000)),
    *((4404, {"session": name}) for name in ("", "nobody", "x" * 5_000, "\0")),
    *((4400, {"next_seq": wrong}) for wrong in NO_NUMBERS),
    (4403, {"session": "foreign"}),
)


@lru_cache(1)
def signer() -> Signer:
    return Signer()


_CODES = documented_codes("Speaker")


class Speakers(RuleBasedStateMachine):
    """One session that many connections want, some of them wrongly; beside it a neighbour who just speaks."""

    real: ClassVar = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stop = asyncio.Event()
        self.complaints = Complaints()
        logging.getLogger().addHandler(self.complaints)
        self.waiting: list[End] = []
        """Connections that have said nothing."""
        self.holder: End | None = None
        self.ended: list[End] = []
        self.next_seq = self.next_sample = 0
        self.state = "created"
        self.in_kafka: list[tuple[int, int]] = []
        """Of the session: number and first sample of every frame that Kafka must have, in order."""
        self.neighbour_seq = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    @initialize()
    def begin(self) -> None:
        started: asyncio.Future[Ingest] = self.loop.create_future()

        async def live() -> None:
            limits: dict[str, Any] = {"audio_burst_s": _BURST_S, "audio_rate": 0.001, "in_flight_frames": _WINDOW}
            async with running(signer(), speaker_live_sessions=2, **limits) as ingest:
                started.set_result(ingest)
                await self.stop.wait()

        self.living = self.loop.create_task(live())
        self.ingest = self.run(_result(started))
        self.session = self.run(self.ingest.session())
        self.foreign = self.run(self.ingest.session(owner="somebody-else"))
        self.run(self._bring_neighbour())
        self.take_the_floor(ahead=0, behind=0)

    async def _bring_neighbour(self) -> None:
        self.neighbours = await self.ingest.session()
        self.neighbour = await self._connect()
        await self._start(self.neighbour, self.neighbours)
        await until(lambda: self.neighbour.said)
        assert self.neighbour.said[0]["type"] == "ready"

    async def _connect(self) -> End:
        if self.real:
            return await OverSocket.open(f"ws://127.0.0.1:{self.ingest.port}/speak")
        return Direct(self.ingest.speaking.serve, "/speak")

    def _newcomer(self) -> End:
        """One that has said nothing yet."""
        if not self.waiting:
            self.waiting.append(self.run(self._connect()))
        return self.waiting[0]

    async def _start(self, end: End, session: Session | str, token: str | None = None, next_seq: int = 0) -> None:
        name = session if isinstance(session, str) else session.session_id
        told = {"type": "start", "token": _token() if token is None else token, "session": name, "next_seq": next_seq}
        await end.send(json.dumps(told))

    async def _closes(self, end: End, code: int) -> None:
        """Wait for the end, as documented: with a reason, and this code."""
        await until(lambda: end.over)
        assert end.code == code, (end.code, end.said)
        assert code == 1000 or end.said[-1]["type"] == "error"
        self.ended.append(end)
        if end is self.holder:
            self.holder = None
        if end in self.waiting:
            self.waiting.remove(end)

    @property
    def speaker(self) -> End:
        assert self.holder is not None
        return self.holder

    def _need_speaker(self) -> None:
        """Have somebody who holds the floor."""
        if self.state == "ended":
            self._go_on_in_another()
        if self.holder is None:
            self.take_the_floor(ahead=0, behind=0)

    # -- before ready --

    @precondition(lambda self: len(self.waiting) < 5)
    @rule()
    def connect(self) -> None:
        self.waiting.append(self.run(self._connect()))

    @rule(message=st.sampled_from((*MALFORMED, *NO_FRAMES, frame(0), '{"type":"pause"}', '{"type":"start"}')))
    def begin_wrongly(self, message: str | bytes) -> None:
        end = self._newcomer()
        self.run(end.send(message))
        self.run(self._closes(end, 4400))

    @rule(wrong=st.sampled_from(WRONG_STARTS))
    def start_wrongly(self, wrong: tuple[int, dict[str, Any]]) -> None:
        end, (code, changes) = self._newcomer(), wrong
        start = {"type": "start", "token": _token(), "session": self.session.session_id, "next_seq": 0, **changes}
        if start["token"] == "expired":
            start["token"] = signer().token(exp=1e9)
        if start["session"] == "foreign":
            start["session"] = self.foreign.session_id
        self.run(end.send(json.dumps(start)))
        self.run(self._closes(end, code))

    @rule(message=st.sampled_from((frame(0), '{"type":"end"}', "{", b"")))
    def send_before_ready(self, message: str | bytes) -> None:
        """A direct one is sure to be early; over a socket it may as well be the first message after ``ready``."""
        if self.real:
            return
        end = self._newcomer()
        self.run(self._start(end, self.session))
        self.run(end.send(message))
        self.run(self._closes(end, 4400))
        assert [one["type"] for one in end.said] == ["error"]

    @precondition(lambda self: self.state != "ended")
    @rule(ahead=st.sampled_from((0, 0, 0, 1, 700)), behind=st.integers(0, 3))
    def take_the_floor(self, ahead: int, behind: int) -> None:
        """To resume, or to take over from whoever has it."""
        end, before = self._newcomer(), self.holder
        self.waiting.remove(end)
        self.run(self._start(end, self.session, next_seq=max(0, self.next_seq + ahead - behind)))
        self.run(until(lambda: end.said))
        ready = end.said[0]
        assert ready["type"] == "ready", end.said
        self.next_seq = max(self.next_seq, self.next_seq + ahead - behind)
        assert ready["next_seq"] == self.next_seq
        assert ready["next_sample"] == self.next_sample
        self.state = "live" if self.state == "created" else self.state
        assert ready["state"] == self.state
        if before is not None:
            self.run(self._closes(before, 4409))
        self.holder = end

    # -- after ready --

    @rule(samples=st.lists(st.integers(1, 800), min_size=1, max_size=2 * _WINDOW), skipped=st.sampled_from((0, 0, 5)))
    def speak(self, samples: list[int], skipped: int) -> None:
        self._need_speaker()
        self.run(self._speak(samples, skipped))

    @rule(samples=st.lists(st.integers(1, 800), min_size=1, max_size=_WINDOW - 1))
    def speak_while_kafka_is_away(self, samples: list[int]) -> None:
        """Nothing is acknowledged before Kafka has it."""
        self._need_speaker()
        live, publisher = self.state == "live", self.ingest.publisher
        before = self._acks()
        publisher.gone = True
        self.run(self._send_frames(samples, 0))
        if live:
            self.run(until(lambda: len(self._seen()) == len(self.in_kafka)))
            assert self._acks() == before
        publisher.come_back()
        self.run(self._acknowledged())

    async def _speak(self, samples: list[int], skipped: int) -> None:
        await self._send_frames(samples, skipped)
        await self._acknowledged()

    async def _send_frames(self, samples: list[int], skipped: int) -> None:
        assert self.holder is not None
        self.next_sample += skipped
        for count in samples:
            await self.speaker.send(frame(self.next_seq, samples=count, first_sample=self.next_sample))
            if self.state == "live":
                self.in_kafka.append((self.next_seq, self.next_sample))
            self.next_seq += 1
            self.next_sample += count

    async def _acknowledged(self) -> None:
        holder = self.speaker
        assert holder is not None
        await until(lambda: holder.over or {"type": "ack", "seq": self.next_seq - 1} in holder.said)
        assert not holder.over, (holder.code, holder.said)

    @rule(back=st.integers(1, 5), samples=st.integers(1, 800))
    def send_again_what_was_had(self, back: int, samples: int) -> None:
        """Acknowledged once more, and nowhere twice."""
        self._need_speaker()
        if not self.next_seq:
            self.run(self._speak([1], 0))
        before = len(self.speaker.said)
        self.run(self.speaker.send(frame(max(0, self.next_seq - back), samples=samples)))
        self.run(until(lambda: len(self.speaker.said) > before))
        assert self.speaker.said[-1] == {"type": "ack", "seq": self.next_seq - 1}

    @rule(wrong=st.sampled_from((*NO_FRAMES, *MALFORMED, "seq", "sample")))
    def say_what_is_nothing(self, wrong: str | bytes) -> None:
        self._need_speaker()
        if wrong == "seq":
            wrong = frame(self.next_seq + 1, first_sample=self.next_sample)
        elif wrong == "sample":
            wrong = frame(self.next_seq, first_sample=self.next_sample - 1) if self.next_sample else b""
        elif wrong == MALFORMED[6]:  # is a message, of a type that is ignored here
            wrong = "{"
        self.run(self.speaker.send(wrong))
        self.run(self._closes(self.speaker, 4400))

    @rule(kind=st.sampled_from(("pause", "mute", "resume")))
    def change(self, kind: str) -> None:
        self._need_speaker()
        before = len(self.speaker.said)
        self.run(self.speaker.send(json.dumps({"type": kind, "more": [1]})))
        self.state = {"pause": "paused", "mute": "muted", "resume": "live"}[kind]
        self.run(self._told(self.speaker, before, self.state))

    @rule(kind=st.sampled_from(("", "start", "join", "state", "x" * 500)))
    def say_what_is_unknown(self, kind: str) -> None:
        """Ignored."""
        self._need_speaker()
        self.run(self.speaker.send(json.dumps({"type": kind})))

    @rule(state=st.sampled_from(("paused", "muted", "live")))
    def change_by_rest(self, state: Any) -> None:
        self._need_speaker()
        before = len(self.speaker.said)
        session = self.ingest.store.sessions[self.session.session_id]
        self.run(self.ingest.sessions.change(session, Change(state=state)))
        if state != self.state:
            self.run(self._told(self.speaker, before, state))
        self.state = state

    async def _told(self, end: End, before: int, state: str) -> None:
        """Wait for a state among what comes after what had come before."""
        await until(lambda: end.over or any(one["type"] == "state" for one in end.said[before:]))
        assert [one for one in end.said[before:] if one["type"] != "ack"] == [{"type": "state", "state": state}]

    @rule()
    def flood(self) -> None:
        """What comes faster than it can have been spoken is not taken."""
        self._need_speaker()
        for _ in range(int(_BURST_S) + 1):
            self.run(self.speaker.send(frame(self.next_seq, samples=16_000, first_sample=self.next_sample)))
            self.next_seq += 1
            self.next_sample += 16_000
        self.run(self._closes(self.speaker, 4429))
        if self.state == "live":
            self.in_kafka = self._seen()
        assert sum(one.samples for one in self.ingest.publisher.frames(self.session.session_id)) <= _BURST_S * 16_000
        self._go_on_in_another()

    @rule()
    def end(self) -> None:
        self._need_speaker()
        self.run(self.speaker.send('{"type":"end"}'))
        holder = self.speaker
        self.run(self._closes(self.speaker, 1000))
        assert holder.said[-1] == {"type": "state", "state": "ended"}
        self.state = "ended"

    @rule()
    def end_by_rest(self) -> None:
        self._need_speaker()
        self.run(self.ingest.sessions.end(self.ingest.store.sessions[self.session.session_id]))
        self.run(self._closes(self.speaker, 4410))
        self.state = "ended"

    @rule()
    def come_after_the_end(self) -> None:
        self.end()
        end = self._newcomer()
        self.run(self._start(end, self.session))
        self.run(self._closes(end, 4410))
        self._go_on_in_another()

    def _go_on_in_another(self) -> None:
        self._frames_are_right()
        if self.state != "ended":
            self.run(self.ingest.sessions.end(self.ingest.store.sessions[self.session.session_id]))
        self.session = self.run(self.ingest.session())
        self.next_seq = self.next_sample = 0
        self.state, self.in_kafka = "created", []

    @rule(of_holder=st.booleans())
    def cut(self, of_holder: bool) -> None:
        self._need_speaker()
        end = self.holder if self.holder and (of_holder or not self.waiting) else self.waiting[0]
        self.run(end.cut())
        if end is self.holder:
            self.holder = None
            floor = self.ingest.floors.floor(self.session.session_id)
            self.run(until(lambda: floor.hold is None))
        else:
            self.waiting.remove(end)

    # -- always --

    def _seen(self) -> list[tuple[int, int]]:
        frames = self.ingest.publisher.frames(self.session.session_id)
        return [(one.seq, one.first_sample) for one in frames if one.mark is None]

    def _acks(self) -> list[int]:
        return [one["seq"] for one in self.speaker.said if one["type"] == "ack"] if self.holder else []

    def _frames_are_right(self) -> None:
        """Kafka has what was acknowledged: once, in order, nothing else."""
        assert self._seen() == self.in_kafka

    @invariant()
    def nothing_is_lost_or_twice(self) -> None:
        self._frames_are_right()
        assert self._acks() == sorted(self._acks())

    @invariant()
    def the_neighbour_is_heard(self) -> None:
        seq = self.neighbour_seq
        self.run(self.neighbour.send(frame(seq, samples=4)))
        self.run(until(lambda: self.neighbour.over or {"type": "ack", "seq": seq} == self.neighbour.said[-1]))
        assert not self.neighbour.over, self.neighbour.said
        del self.neighbour.said[:-1]
        self.neighbour_seq += 1

    @invariant()
    def nothing_grows_or_fails_unseen(self) -> None:
        assert self.complaints.heard == []
        for end in self.ended:
            assert end.fault is None
            assert end.code in _CODES
        self.ended.clear()
        assert len(self.ingest.floors._floors) <= 3
        assert len(self.ingest.view._watches) <= 2
        assert sum(len(one) for one in self.ingest.view._watches.values()) <= 1 + (self.holder is not None)

    def teardown(self) -> None:
        if hasattr(self, "ingest"):
            self.stop.set()
            self.run(_result(self.living))
            self.run(until(lambda: self.neighbour.over and all(end.over for end in self.waiting)))
            assert [end.code for end in (self.neighbour, *self.waiting)] == [1012] * (1 + len(self.waiting))
            assert self.complaints.heard == []
        logging.getLogger().removeHandler(self.complaints)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


class SpeakersOverSockets(Speakers):
    real = True


async def _result(future: "asyncio.Future[T]") -> T:
    return await future


@lru_cache(1)
def _signed(minute: int) -> str:
    return signer().token()


def _token() -> str:
    return _signed(int(time.time() // 600))


def test_whatever_speakers_send_frames_are_kept_once_in_order_and_nobody_else_is_harmed() -> None:
    play(Speakers, 12)


def test_so_it_is_over_real_sockets() -> None:
    play(SpeakersOverSockets, 4)
