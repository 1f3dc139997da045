"""What many listeners are told, counted and timed. No I/O.

What is told to many is decoded once.
"""

from collections import Counter
from typing import Protocol

import msgspec

from services.cli.clients.notices import CaptionNotice, ErrorNotice, Joined, Notice, SpeechNotice, read_notice
from services.common import stages

_TOLD_KEPT = 512


class NotJoined(Exception):
    """The message says why."""


class Heard(msgspec.Struct, frozen=True):
    """What the listeners were told in some time."""

    delays_ms: list[float]
    """Of each notice to each listener: from its record's publication to its arrival."""
    caption_lags_ms: list[float]
    """Of each caption to each listener: from the end of its words at the microphone to its arrival."""
    lost: int
    """Captions that were left out."""
    repeated: int
    """Captions and speech that came again, or too late."""
    closed: dict[str, int]
    """Connections that ended, by close code."""
    clips_ms: list[float]
    """Of each clip that was fetched: from its notice to its last byte."""
    unfetched: int


class Told(msgspec.Struct, frozen=True):
    """What of a notice is measured."""

    speech: bool
    index: int
    published_at_ms: float
    said_at_ms: float
    """When the last of its words was captured."""
    url: str | None = None


class Dialect(Protocol):
    """How listeners speak with a server."""

    def join(self, session: str, language: str) -> bytes:
        """The first message of a listener: text."""

    def read(self, message: bytes) -> tuple[Notice, ...]:
        """What a message says, an answer ``Joined`` among it. Raises msgspec.DecodeError."""


class Own:
    """``Dialect`` of our notifier."""

    def join(self, session: str, language: str) -> bytes:
        """See ``Dialect.join``."""
        return msgspec.json.encode({"type": "join", "session": session, "language": language})

    def read(self, message: bytes) -> tuple[Notice, ...]:
        """See ``Dialect.read``."""
        notice = read_notice(message)
        return () if notice is None else (notice,)


class Tally:
    """Of a crowd, from one ``taken`` to the next."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._told: dict[bytes, tuple[Told, ...]] = {}
        self._offset = _Offset()
        self._forget()

    def joined(self, answer: Joined, sent_at_ms: float, at_ms: float) -> None:
        """A listener is in: the server told the time, in answer to what was sent."""
        self._offset.learn(answer.server_time_ms - at_ms, answer.server_time_ms - sent_at_ms)

    def told(self, message: bytes) -> tuple[Told, ...]:
        """What is measured of a message. Raises NotJoined for an error, msgspec.DecodeError."""
        told = self._told.get(message)
        if told is None:
            told = tuple(one for notice in self.dialect.read(message) if (one := _told(notice)) is not None)
            if len(self._told) >= _TOLD_KEPT:
                self._told.clear()
            self._told[message] = told
        return told

    def heard(self, told: Told, at_ms: float) -> None:
        """A listener was told something that is new."""
        self._delays_ms.append(at_ms - told.published_at_ms)
        if not told.speech:
            self._caption_lags_ms.append(at_ms - told.said_at_ms)

    def missed(self, lost: int, repeated: int) -> None:
        """A listener was told too little, or too much."""
        self._lost += lost
        self._repeated += repeated

    def gone(self, why: str) -> None:
        """A listener that had joined has lost its connection."""
        self._closed[why] += 1

    def fetched(self, took_ms: float | None) -> None:
        """A clip was fetched; None: it could not be."""
        if took_ms is None:
            self._unfetched += 1
        else:
            self._clips_ms.append(round(took_ms, 2))

    def taken(self) -> Heard:
        """All since the last time."""
        offset_ms = self._offset.ms
        heard = Heard(
            [round(delay + offset_ms, 2) for delay in self._delays_ms],
            [round(lag + offset_ms, 2) for lag in self._caption_lags_ms],
            self._lost,
            self._repeated,
            dict(self._closed),
            self._clips_ms,
            self._unfetched,
        )
        self._forget()
        return heard

    def _forget(self) -> None:
        self._delays_ms: list[float] = []
        self._caption_lags_ms: list[float] = []
        self._lost = self._repeated = self._unfetched = 0
        self._closed: Counter[str] = Counter()
        self._clips_ms: list[float] = []


class _Offset:
    """How far this machine's clock is behind the server's, as far as answers can tell."""

    def __init__(self) -> None:
        self._least, self._most = float("-inf"), float("inf")

    @property
    def ms(self) -> float:
        """Zero unless the clocks differ by more than can be explained by the way there and back."""
        if self._least <= 0.0 <= self._most:
            return 0.0
        return (self._least + self._most) / 2

    def learn(self, least_ms: float, most_ms: float) -> None:
        """The server's time less ours, at the answer's arrival and at the question's sending."""
        if most_ms - least_ms < self._most - self._least:
            self._least, self._most = least_ms, most_ms


def _told(notice: Notice) -> Told | None:
    """None: nothing of it is measured. Raises NotJoined for an error."""
    match notice:
        case CaptionNotice() | SpeechNotice():
            passed = notice.stages
            in_topic = passed.get(stages.TRANSLATIONS_TOPIC, passed.get(stages.TRANSCRIPTS_TOPIC, 0.0))
            return Told(
                speech=isinstance(notice, SpeechNotice),
                index=notice.index,
                published_at_ms=notice.sent_at_ms - passed.get(stages.NOTIFY, 0.0) - in_topic,
                said_at_ms=notice.floor_epoch_ms + notice.end_ms,
                url=notice.url if isinstance(notice, SpeechNotice) else None,
            )
        case ErrorNotice():
            raise NotJoined(notice.message)
        case _:
            return None
