"""The terminal's own speaker and listener, who also write down what they did and saw, for the auditor."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from numpy.typing import NDArray

from services.cli.clients.audio import duration_s, to_int16
from services.cli.clients.listener import Clip, Listener
from services.cli.clients.microphone import Captured
from services.cli.clients.notices import CaptionNotice, EndedNotice, Joined, Notice, SpeechNotice
from services.cli.clients.uplink import Uplink
from services.cli.evaluation.measure import segments_of
from services.common.clock import now_ms
from tests.faults.auditor import evidence


class Reference(msgspec.Struct, frozen=True):
    """A word of a recording's reference transcript."""

    word: str
    start_ms: float
    end_ms: float


def spoken_words(session: str, recording: Path, seconds: float) -> list[evidence.SpokenWord]:
    """What is said when a recording is played for so long, again and again, from the transcript beside it."""
    words = msgspec.json.decode(recording.with_suffix(".words.json").read_bytes(), type=list[Reference])
    length_ms = 1000 * duration_s(recording)
    laps = [lap * length_ms for lap in range(int(1000 * seconds / length_ms) + 1)]
    return [
        evidence.SpokenWord(session=session, text=word.word, start_ms=at + word.start_ms, end_ms=at + word.end_ms)
        for at in laps
        for word in words
        if at + word.end_ms <= 1000 * seconds
    ]


@dataclass
class Wristwatch:
    """The speaker's clock, which may go wrong."""

    ahead_ms: float = 0.0
    told: int = 0
    """How often it was looked at."""


@dataclass
class NotedUplink(Uplink):
    """The speaker's own, which notes what goes in and what is acknowledged."""

    session: str = ""
    watch: Wristwatch = field(default_factory=Wristwatch)
    lines: list[evidence.AnyLine] = field(default_factory=list)
    died: "NotedUplink | None" = None
    """Of the machine that this one has replaced."""

    def begin(self, next_seq: int, next_sample: int) -> None:
        super().begin(next_seq, next_sample)
        self.lines = [_moved(line, next_seq, next_sample) for line in self.lines]
        if self.died is not None:
            self.died.perish(next_seq)

    def perish(self, next_seq: int) -> None:
        """The machine is dead: what the service didn't have by then never came."""
        self.lines = [
            evidence.Perished(
                session=line.session, first_sample=line.first_sample, samples=line.samples, at_ms=line.at_ms
            )
            if isinstance(line, evidence.Captured) and line.seq >= next_seq
            else line
            for line in self.lines
        ]

    def add(self, captured: Captured) -> None:
        lost = self.lost_frames
        super().add(captured)
        at_ms = captured.captured_at_ms - self.watch.ahead_ms
        first_sample, samples = self._first_sample + captured.first_sample, len(captured.pcm) // 2
        if self.lost_frames > lost:
            self.lines.append(
                evidence.Dropped(session=self.session, first_sample=first_sample, samples=samples, at_ms=at_ms)
            )
            return
        self.lines.append(
            evidence.Captured(
                session=self.session,
                seq=self._next_seq - 1,
                first_sample=first_sample,
                samples=samples,
                digest=evidence.digest(captured.pcm),
                at_ms=at_ms,
            )
        )

    def acknowledge(self, seq: int) -> None:
        super().acknowledge(seq)
        self.lines.append(evidence.Acknowledged(session=self.session, seq=seq, at_ms=now_ms()))


class NotedListener(Listener):
    """Notes every notice, repeated ones too, every clip that was fetched, and when it is played."""

    def __init__(self, name: str, url: str, session: str, language: str, *, hear: bool, **others: Any) -> None:
        super().__init__(url, session, language, hear=hear, **others)
        self.lines: list[evidence.AnyLine] = []
        self._who: dict[str, Any] = {"session": session, "listener": name, "language": language}

    async def _note(self, notice: Notice) -> None:
        who = {**self._who, "at_ms": now_ms()}
        match notice:
            case Joined():
                self.lines.append(evidence.Joined(hear=self.hear, **who))
            case CaptionNotice():
                self.lines.append(evidence.ToldCaption(**_shared(notice, evidence.ToldCaption), **who))
            case SpeechNotice(url=url):
                self.lines.append(
                    evidence.ToldSpeech(**_shared(notice, evidence.ToldSpeech), clip=url is not None, **who)
                )
            case EndedNotice(segments=segments):
                self.lines.append(evidence.ToldEnd(segments=segments, **who))
            case _:
                pass
        await super()._note(notice)

    async def _fetch(self, http: aiohttp.ClientSession, index: int) -> Clip | None:
        clip = await super()._fetch(http, index)
        content = None if clip is None else evidence.digest(_samples(clip).tobytes())
        self.lines.append(evidence.Fetched(index=index, digest=content, at_ms=now_ms(), **self._who))
        return clip

    def note_played(self) -> None:
        """At the end: when each clip was heard, by the rules of the players."""
        for segment in segments_of(self.hearing):
            if (played := segment.played) is not None:
                self.lines.append(
                    evidence.Played(
                        index=played.index,
                        at_ms=played.start_ms,
                        until_ms=played.end_ms,
                        rate=played.rate,
                        **self._who,
                    )
                )


def _moved(line: evidence.AnyLine, seqs: int, samples: int) -> evidence.AnyLine:
    """A line from before the service told where the floor goes on."""
    match line:
        case evidence.Captured():
            return msgspec.structs.replace(line, seq=line.seq + seqs, first_sample=line.first_sample + samples)
        case evidence.Dropped():
            return msgspec.structs.replace(line, first_sample=line.first_sample + samples)
        case _:
            return line


def _samples(clip: Clip) -> NDArray[Any]:
    return to_int16(clip.sound)


def _shared(notice: CaptionNotice | SpeechNotice, kind: type[evidence.Listened]) -> dict[str, Any]:
    """What the notice and its line both have, but for what every line of the listener has anyway."""
    common: Iterable[str] = set(notice.__struct_fields__) & set(kind.__struct_fields__) - {"language"}
    return {name: getattr(notice, name) for name in common}
