"""The listener's socket against a model of its protocol: any sequence of what listeners, good and bad, may send while a
session goes on, pauses and ends."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.common.contracts import Final, LaneFinished, Record, State, Word
from tests.unit.ends import Direct, End, OverSocket, until
from tests.unit.notifier.records import caption, session, speech
from tests.unit.notifier.serving import Served, serving
from tests.unit.play import Complaints, documented_codes, play

T = TypeVar("T")
_CODES = documented_codes("Listener")
_LANGUAGES = ("pt", "es")
_KEPT = 6
"""Segments of a language that are kept."""
MALFORMED = (
    "{",
    "[]",
    "7",
    '{"type":7}',
    '{"type":"join","more":' + "[" * 3_000,
    '{"type":"join"}',
    '{"type":"join","session":"","language":"pt"}',
    '{"type":"join","session":"s1","language":7}',
    '{"type":"join","session":"s1","language":"pt","after":-2}',
    '{"type":"join","session":"s1","language":"pt","from_ms":-1}',
    b"\0",
    b"",
)


class Ear:
    """A listener who has joined, and what the model says that they get."""

    def __init__(self, end: End, language: str, told: int, *, next_index: int, known: bool, audio: bool) -> None:
        self.end = end
        self.language = language
        self.told = told
        """How much had come before the answer to the join."""
        self.next_index = next_index
        self.known = known
        self.audio = audio

    @property
    def news(self) -> list[dict[str, Any]]:
        """What has come since the answer."""
        return self.end.said[self.told + 1 :]

    def indexes(self, kind: str) -> list[int]:
        return [one["index"] for one in self.news if one["type"] == kind]


class Listeners(RuleBasedStateMachine):
    """One session with listeners who do as they like; beside it a neighbour who just listens to another."""

    real: ClassVar = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stop = asyncio.Event()
        self.complaints = Complaints()
        logging.getLogger().addHandler(self.complaints)
        self.waiting: list[End] = []
        self.ears: list[Ear] = []
        self.ended: list[End] = []
        self.next_index = dict.fromkeys(_LANGUAGES, 0)
        self.next_speech = dict.fromkeys(_LANGUAGES, 0)
        self.neighbour_index = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    @initialize()
    def begin(self) -> None:
        started: asyncio.Future[Served] = self.loop.create_future()

        async def live() -> None:
            async with serving(tail_segments=_KEPT, session_listeners=4) as served:
                started.set_result(served)
                await self.stop.wait()

        self.living = self.loop.create_task(live())
        self.served = self.run(_result(started))
        self.take(session(), session("s2", "Other-Talk-2"))
        self.neighbour = self.run(self._connect())
        self.run(self.neighbour.send('{"type":"join","session":"s2","language":"es"}'))
        self.run(until(lambda: self.neighbour.said))
        for language in _LANGUAGES:
            self.join(language, "s1", None, True)

    def take(self, *records: Record) -> None:
        """As if they were read from Kafka."""

        async def taking() -> None:
            self.served.take(*records)

        self.run(taking())

    async def _connect(self) -> End:
        if self.real:
            return await OverSocket.open(self.served.url)
        return Direct(self.served.notifier._listen, "/listen")

    def _newcomer(self) -> End:
        """One that has said nothing yet."""
        if not self.waiting:
            self.waiting.append(self.run(self._connect()))
        return self.waiting[0]

    async def _closes(self, end: End, code: int) -> None:
        await until(lambda: end.over)
        assert end.code == code, (end.code, end.said)
        assert code == 1000 or end.said[-1]["type"] == "error"
        self.ended.append(end)
        self.waiting = [one for one in self.waiting if one is not end]
        self.ears = [one for one in self.ears if one.end is not end]

    @precondition(lambda self: len(self.waiting) < 4)
    @rule()
    def connect(self) -> None:
        self.waiting.append(self.run(self._connect()))

    @rule(message=st.sampled_from(MALFORMED), of_ear=st.booleans())
    def send_what_is_nothing(self, message: str | bytes, of_ear: bool) -> None:
        end = self.ears[0].end if self.ears and of_ear else self._newcomer()
        self.run(end.send(message))
        self.run(self._closes(end, 4400))

    @rule(message=st.sampled_from(('{"type":"hello"}', '{"type":""}', '{"type":"pause","session":7}')))
    def send_what_is_unknown(self, message: str) -> None:
        """Ignored."""
        self.run(self._newcomer().send(message))

    @rule(language=st.sampled_from(("xx", "p", "PT")))
    def join_a_language_that_there_is_not(self, language: str) -> None:
        end = self._newcomer()
        self.run(end.send(json.dumps({"type": "join", "session": "s1", "language": language})))
        self.run(self._closes(end, 4406))

    @rule(
        language=st.sampled_from(_LANGUAGES),
        name=st.sampled_from(("s1", "calm-otter-7", "CALM OTTER 7", " s1 ")),
        after=st.none() | st.integers(-1, 20),
        audio=st.booleans(),
    )
    def join(self, language: str, name: str, after: int | None, audio: bool) -> None:
        end = self._newcomer()
        if len(self.ears) == 4:
            self.run(end.send(json.dumps({"type": "join", "session": name, "language": language})))
            self.run(self._closes(end, 1013))
            return
        self.waiting.remove(end)
        self.run(self._join(end, language, name, after, audio))

    @rule(language=st.sampled_from(_LANGUAGES), audio=st.booleans(), after=st.none() | st.integers(-1, 20))
    def switch(self, language: str, audio: bool, after: int | None) -> None:
        if not self.ears:
            self.join(language, "s1", after, audio)
        ear = self.ears.pop(0)
        self.run(self._join(ear.end, language, "s1", after, audio))

    async def _join(self, end: End, language: str, name: str, after: int | None, audio: bool) -> None:
        message = {"type": "join", "session": name, "language": language, "audio": audio, "new": {}}
        told = len(end.said)
        await end.send(json.dumps(message if after is None else {**message, "after": after}))
        await until(lambda: end.over or any(one["type"] == "joined" for one in end.said[told:]))
        assert not end.over, (end.code, end.said)
        told = next(at for at in range(told, len(end.said)) if end.said[at]["type"] == "joined")
        joined, coming = end.said[told], self.next_index[language]
        first = max(0, coming - _KEPT)
        if after is None:
            assert "gap" not in joined
            assert joined["next_index"] == max(first, coming - 3)
        else:
            wanted = after + 1
            assert joined["next_index"] == (max(wanted, first) if coming else wanted)
            gap = {"from": wanted, "to": first - 1} if wanted < first else None
            assert joined.get("gap") == gap
        known = bool(coming) or after is not None
        self.ears.append(Ear(end, language, told, next_index=joined["next_index"], known=known, audio=audio))

    @rule(language=st.sampled_from(_LANGUAGES), count=st.integers(1, 4))
    def say(self, language: str, count: int) -> None:
        if not self.ears:
            self.join(language, "s1", None, True)
        for _ in range(count):
            self.take(caption(self.next_index[language], language=language))
            self.next_index[language] += 1
        self.run(self._all_hear())

    @rule(language=st.sampled_from(_LANGUAGES))
    def speak(self, language: str) -> None:
        if self.next_speech[language] == self.next_index[language]:
            self.say(language, 2)
        if self.next_speech[language] < self.next_index[language]:
            self.take(speech(self.next_speech[language], language=language))
            self.next_speech[language] += 1
        self.run(self._all_hear())

    @rule(language=st.sampled_from(_LANGUAGES), back=st.integers(1, 8))
    def say_again(self, language: str, back: int) -> None:
        """A takeover may read a record twice: nobody hears of it."""
        self.say(language, back)
        index = self.next_index[language] - back
        self.take(speech(index, language=language), caption(index, language=language), speech(index, language=language))
        self.next_speech[language] = max(self.next_speech[language], index + 1)
        self.join(language, "s1", index, True)

    @rule(state=st.sampled_from((State.LIVE, State.PAUSED, State.MUTED)))
    def change(self, state: State) -> None:
        self.take(session(state=state))

    @rule()
    def transcribe(self) -> None:
        self.take(Final(session_id="s1", language="en", index=0, words=(Word("a", 0.0, 1.0),)))

    @precondition(lambda self: self.waiting or self.ears)
    @rule(of_ear=st.booleans())
    def cut(self, of_ear: bool) -> None:
        if self.ears and (of_ear or not self.waiting):
            self.run(self.ears.pop(0).end.cut())
        else:
            self.run(self.waiting.pop(0).cut())

    @rule()
    def sweep(self) -> None:
        self.served.hub.sweep()

    async def _all_hear(self) -> None:
        """Wait until everybody has the latest caption, unless they want later ones."""
        for ear in self.ears:
            last = self.next_index[ear.language] - 1
            if last >= max(ear.next_index, 0):
                await until(lambda ear=ear, last=last: ear.end.over or last in ear.indexes("caption"))  # type: ignore[misc]

    # -- always --

    @invariant()
    def each_index_comes_once_and_in_order(self) -> None:
        for ear in self.ears:
            assert not ear.end.over, (ear.end.code, ear.end.said)
            captions, speeches = ear.indexes("caption"), ear.indexes("speech")
            begin = captions[0] if captions else 0
            assert captions == list(range(begin, begin + len(captions)))
            assert not captions or not ear.known or begin == ear.next_index
            assert speeches == sorted(set(speeches))
            assert ear.audio or not speeches
            for at, one in enumerate(ear.news):
                assert one["type"] in ("caption", "speech", "state")
                if one["type"] == "speech":
                    assert any(
                        before["type"] == "caption" and before["index"] == one["index"] for before in ear.news[:at]
                    )
                assert one.get("language", ear.language) == ear.language

    @invariant()
    def the_neighbour_is_served(self) -> None:
        index = self.neighbour_index
        self.take(caption(index, session_id="s2", language="es"))
        self.run(until(lambda: self.neighbour.over or self.neighbour.said[-1].get("index") == index))
        assert not self.neighbour.over, self.neighbour.said
        del self.neighbour.said[:-1]
        self.neighbour_index += 1

    @invariant()
    def nothing_grows_or_fails_unseen(self) -> None:
        assert self.complaints.heard == []
        for end in self.ended:
            assert end.fault is None
            assert end.code in _CODES
        self.ended.clear()
        hub, sockets = self.served.hub, self.served.notifier._listeners
        self.run(until(lambda: hub.listeners == len(self.ears) + 1))
        self.run(until(lambda: len(sockets) <= len(self.ears) + len(self.waiting) + 1))
        for room in hub._rooms.values():
            assert all(tail.next_index - tail.first <= _KEPT for tail in room.tails.values())

    def teardown(self) -> None:
        if hasattr(self, "served"):
            self._end()
            self.stop.set()
            self.run(_result(self.living))
            left = (self.neighbour, *self.waiting)
            self.run(until(lambda: all(end.over for end in left)))
            assert [end.code for end in left] == [1012] * len(left)
            assert self.complaints.heard == []
        logging.getLogger().removeHandler(self.complaints)
        self.loop.close()

    def _end(self) -> None:
        """Everybody gets the rest, and is told that it was all."""
        self.take(session(state=State.ENDED))
        for language in _LANGUAGES:
            segments = self.next_index[language]
            self.take(LaneFinished(session_id="s1", language=language, segments=segments))
        for ear in list(self.ears):
            self.run(self._closes(ear.end, 1000))
            assert ear.end.said[-1]["type"] == "ended"


class ListenersOverSockets(Listeners):
    real = True


async def _result(future: "asyncio.Future[T]") -> T:
    return await future


def test_whatever_listeners_send_each_hears_all_in_order_and_nobody_else_is_harmed() -> None:
    play(Listeners, 20)


def test_so_it_is_over_real_sockets() -> None:
    play(ListenersOverSockets, 4)
