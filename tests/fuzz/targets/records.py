"""Records of all topics, and what those who read them make of whatever can be read."""

import contextlib
from random import Random
from typing import Any, get_args

import msgspec

from services.common.audience import AudienceView
from services.common.contracts import Audience, Caption, Frame, Mark, Record, Session, Transcript, Translation
from services.common.topics import ALL, AUDIO, AnyTopic
from services.ingest.view import SessionView
from services.notifier import messages
from services.notifier.audience import Audiences
from services.notifier.hub import Hub, Limits
from services.notifier.messages import Join, Refused
from services.notifier.room import Seat
from services.notifier.tail import FellBehind, Notice
from services.translator.published import Published
from tests.fuzz.source import Source
from tests.fuzz.target import Target

_KINDS: dict[str, tuple[type[Record], ...]] = {
    "transcripts": get_args(Transcript),
    "translations": get_args(Translation),
    "sessions": (Session,),
    "audience": (Audience,),
}
_HEADERS = ("session", "language", "seq", "first_sample", "captured_at_ms", "received_at_ms", "mark", "v", "new")
_LIMITS = Limits(tail_ms=60_000, tail_segments=5, kept_segments=12, listeners=4, session_listeners=3, finish_ms=15_000)


def read(topic: AnyTopic, source: Source) -> Record | None:
    """A record of the topic as it may be found there, if it can be read."""
    if topic is AUDIO:
        names = [name for name in _HEADERS if name != "mark" or source.below(4) == 0]
        headers = tuple((name, _header(name, source)) for name in names if source.below(16) != 15)
        value = source.take(source.below(8))
    else:
        kinds = _KINDS[topic.name]
        raw = source.below(8) == 7
        value = source.take(source.below(64)) if raw else _json(source.struct(kinds[source.below(len(kinds))]))
        headers = ()
    try:
        record: Record = topic.decode(value, headers)
    except msgspec.DecodeError:
        return None
    encoded = topic.encode(record)  # type: ignore[arg-type]
    assert topic.decode(encoded.value, encoded.headers) == record or isinstance(record, Frame)
    return record


def _json(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (OverflowError, ValueError):  # an integer of more than 64 bits
        return b"%d" % 10**30


def _header(name: str, source: Source) -> bytes | None:
    if source.below(8) == 7:
        return source.take(source.below(12))
    if name in ("session", "language", "v", "new"):
        return source.text().encode()
    return list(Mark)[source.below(3)].value.encode() if name == "mark" else str(source.number()).encode()


def records(data: bytes) -> None:
    """A log of records of all topics, read by the views of ingest and the translator, and by the notifier for listeners
    who come, read, switch and go."""
    source, clock = Source(data), _Clock()
    hub = Hub(_LIMITS, Audiences("n1", clock), clock, "local")
    view, audience, published = SessionView(), AudienceView(clock, clock), Published()
    seats: list[Seat] = []
    for session_id, code in (("s1", "k7f2qxa"), ("s2", "m4n5p6q")):
        hub.take(Session(session_id=session_id, code=code, title="t", owner="o", source_language="en"), clock.now_ms)
    while not source.spent:
        clock.now_ms += source.below(256) * 200.0
        action = source.below(8)
        if action < 5:
            topic = ALL[action]
            record = read(topic, source)
            if isinstance(record, Session):
                view.apply(record)
            elif isinstance(record, Audience):
                audience.apply(record)
                continue
            elif isinstance(record, get_args(Translation)):
                published.apply(record)
                assert published.backlog_ms(clock.now_ms) >= 0
            if record is not None and not isinstance(record, Frame):
                hub.take(record, clock.now_ms)
        elif action == 5:
            _join(hub, seats, source)
        elif action == 6:
            hub.sweep()
            audience.expire()
        elif seats:
            hub.leave(seats.pop(source.below(len(seats))))
        _read_on(hub, seats, clock.now_ms)
        assert hub.listeners == len(seats) <= _LIMITS.listeners
        assert len(hub._kept) <= _LIMITS.kept_segments


def _join(hub: Hub, seats: list[Seat], source: Source) -> None:
    try:
        join = msgspec.json.decode(_json(source.struct(Join)), type=Join)
    except msgspec.DecodeError:
        return
    hub.knows(join.session, "203.0.113.7")
    with contextlib.suppress(Refused):
        seats.append(hub.join(join, lambda: None, "203.0.113.7"))


def _read_on(hub: Hub, seats: list[Seat], now_ms: float) -> None:
    """Each listener takes all there is: every index once and in order, nothing left out."""
    for seat in list(seats):
        last = -1
        try:
            for _ in range(50):
                news = seat.next(now_ms)
                if news is None:
                    break
                if isinstance(news, Notice):
                    assert news.record.language == seat.language
                    if isinstance(news.record, Caption):
                        assert last < 0 or news.record.index == last + 1
                        last = news.record.index
                        told = messages.caption_notice(news.record, dict(news.record.stages), now_ms, history=False)
                        messages.encode(told)
                else:
                    messages.encode(news)
            else:
                raise AssertionError("a listener is told without end")
        except FellBehind:
            seats.remove(seat)
            hub.leave(seat)
        if seat.over and seat in seats:
            seats.remove(seat)
            hub.leave(seat)


class _Clock:
    def __init__(self) -> None:
        self.now_ms = 1e6

    def __call__(self) -> float:
        return self.now_ms


TARGETS = (Target("records", records, tuple(Random(seed).randbytes(400) for seed in range(8))),)
