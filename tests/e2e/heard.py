"""What a listener's page really played: its tap's record, and what must be true of it."""

import base64
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from services.cli.clients.audio import Sound
from services.cli.clients.notices import CaptionNotice
from services.cli.clients.playback import Played
from services.cli.evaluation import lag
from services.cli.evaluation.lag import Segment
from services.common.contracts import Speech
from tests.e2e.published import Published

TAKE = "({...dragomanTap.take(), ...dragomanTap, moment: dragomanTap.moment()})"
"""To be evaluated in a page that was opened with ``?tap``: everything since the last time."""


def heard_through(language: str, index: int) -> str:
    """To be evaluated in the same page: whether the clip of this index has been heard to its end."""
    return f"""(dragomanTap?.clips ?? []).some(({{ language, index, endS }}) =>
      language === {language!r} && index === {index} && dragomanTap.moment().contextS > endS + 0.5)"""


_JOIN_MS = 1.0
"""Clips nearer than this follow each other: the context's clock is rounded to samples."""
_IN_TIME_MS = 500.0
"""A clip that was there so long before its turn leaves no excuse for a gap: it had to be fetched and decoded."""
_SILENT = 0.003


@dataclass(frozen=True)
class Laid:
    """A clip in a page's record, on the wall clock."""

    language: str
    index: int
    start_ms: float
    end_ms: float
    rate: float
    sound: Sound
    finished: bool
    """Whether it was heard to its end, so far."""


@dataclass(frozen=True)
class Heard:
    """One page's record from its opening, or the record before it, on."""

    clips: tuple[Laid, ...]
    rate: int
    between: Sound
    """All that was played while no clip was laid."""

    @classmethod
    def of(cls, taken: Mapping[str, Any]) -> "Heard":
        """taken: the value of ``TAKE``."""
        rate = int(taken["sampleRate"])
        sound = np.frombuffer(base64.b64decode(taken["pcm"]), "<i2").astype(np.float32) / np.float32(32768)
        moment = taken["moment"]
        epoch_ms = moment["serverMs"] + (moment["latencyS"] - moment["contextS"]) * 1000
        edge = round(_JOIN_MS * rate / 1000)
        within = np.zeros(sound.size, dtype=bool)
        clips: list[Laid] = []
        for clip in taken["clips"]:
            start, end = (round((clip[side] - taken["startS"]) * rate) for side in ("startS", "endS"))
            if start < 0:
                continue  # taken before
            within[max(0, start - edge) : end + edge] = True
            clips.append(
                Laid(
                    clip["language"],
                    clip["index"],
                    epoch_ms + clip["startS"] * 1000,
                    epoch_ms + clip["endS"] * 1000,
                    clip["rate"],
                    sound[start:end],
                    clip["endS"] <= moment["contextS"],
                )
            )
        return cls(tuple(clips), rate, sound[~within])

    def indexes(self, language: str) -> list[int]:
        """Of the clips that were heard to their end, in that order."""
        return [clip.index for clip in self.clips if clip.language == language and clip.finished]

    def sounds(self, language: str) -> list[tuple[Sound, int]]:
        """What was played, a clip after the other, with its rate."""
        return [(clip.sound, self.rate) for clip in self.clips if clip.language == language]

    def segments(self, captions: Sequence[CaptionNotice]) -> list[Segment]:
        """Captions with when they were heard, for the report's own figures. Arrivals are not known here."""
        played = {clip.index: Played(clip.index, clip.start_ms, clip.end_ms, clip.rate) for clip in self.clips}
        return [Segment(caption, 0.0, played=played.get(caption.index)) for caption in captions]

    def assert_one_voice(self) -> None:
        """Nothing sounds but clips, each once, in order, none over another."""
        assert np.abs(self.between).max(initial=0.0) < _SILENT
        for before, after in itertools.pairwise(self.clips):
            if before.language != after.language:
                continue  # what was laid in the old language was cut
            assert before.index < after.index
            assert after.start_ms - before.end_ms > -_JOIN_MS, (before.index, after.index)

    def assert_no_gaps(self, speeches: Mapping[int, Speech]) -> None:
        """A clip that was there before its turn follows the one before it at once."""
        for before, after in itertools.pairwise(self.clips):
            if speeches[after.index].published_at_ms + _IN_TIME_MS < before.end_ms:
                assert after.start_ms - before.end_ms < _JOIN_MS, (before.index, after.index)


class Spread(msgspec.Struct, frozen=True):
    """In ms."""

    p50: float | None
    p95: float | None


def lag_figures(heard: Heard, talk: Published, language: str) -> dict[str, Spread]:
    """The report's own figures, of what a page really played."""
    segments = heard.segments(talk.captions[language])
    values = {
        "heard_lag_ms": lag.heard_lags(segments, talk.words),
        "lag_ms": lag.lags(segments),
        "ear_voice_span_ms": lag.ear_voice_spans(segments),
    }
    return {name: Spread(lag.percentile(each, 50), lag.percentile(each, 95)) for name, each in values.items()}
