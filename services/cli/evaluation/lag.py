"""A report's figures of a talk, each as defined once here. All in milliseconds; wall-clock times since the Unix epoch.

- *heard lag* of a source word: its end in the talk -> the end of its share of the translated speech heard
- *lag* of a segment: last source sample captured -> first translated sample heard
- *ear-voice span*: first source sample captured -> first translated sample heard
- *caption lag*: last source sample captured -> caption received
- *word delay*: end of a word -> its final transcript can be read from Kafka
- *own overhead*: the stages of a spoken segment that are neither an engine's nor a deliberate wait
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from services.cli.clients.notices import CaptionNotice, SpeechNotice
from services.cli.clients.playback import Played
from services.common import stages
from services.common.contracts import Final, Word


@dataclass(frozen=True)
class Segment:
    """All that one listener knows of a segment."""

    caption: CaptionNotice
    caption_at_ms: float
    speech: SpeechNotice | None = None
    speech_at_ms: float = 0.0
    ready_at_ms: float = 0.0
    """When its clip was fetched."""
    played: Played | None = None


@dataclass(frozen=True)
class ReadFinal:
    """A final and when a consumer of ``transcripts`` had it."""

    final: Final
    read_at_ms: float


def percentile(values: Sequence[float], share: float) -> float | None:
    """Linear between neighbours; None without values."""
    return round(float(np.percentile(values, share)), 1) if values else None


def words_of(finals: Iterable[ReadFinal]) -> list[Word]:
    """All final words, in the order of the talk, each sentence mark where a later final put it."""
    words: list[Word] = []
    for read in finals:
        if words and read.final.previous_mark:
            words[-1] = msgspec.structs.replace(words[-1], text=words[-1].text + read.final.previous_mark)
        words.extend(read.final.words)
    return words


def words_within(words: Iterable[Word], start_ms: float, end_ms: float) -> list[Word]:
    """Words whose middle lies in the span."""
    return [word for word in words if start_ms <= (word.start_ms + word.end_ms) / 2 < end_ms]


def word_delays(finals: Iterable[ReadFinal]) -> list[float]:
    """One per word."""
    return [read.read_at_ms - (read.final.floor_epoch_ms + word.end_ms) for read in finals for word in read.final.words]


def heard_lags(segments: Iterable[Segment], words: Sequence[Word]) -> list[float]:
    """One per word that was heard: the k-th of n words ends when k/n of its segment's speech was heard."""
    lags: list[float] = []
    for segment in segments:
        if segment.played is None:
            continue
        caption, played = segment.caption, segment.played
        own = words_within(words, caption.start_ms, caption.end_ms)
        for number, word in enumerate(own, 1):
            heard = played.start_ms + (played.end_ms - played.start_ms) * number / len(own)
            lags.append(heard - (caption.floor_epoch_ms + word.end_ms))
    return lags


def lags(segments: Iterable[Segment]) -> list[float]:
    """One per segment that was heard."""
    return [s.played.start_ms - (s.caption.floor_epoch_ms + s.caption.end_ms) for s in segments if s.played]


def ear_voice_spans(segments: Iterable[Segment]) -> list[float]:
    """One per segment that was heard."""
    return [s.played.start_ms - (s.caption.floor_epoch_ms + s.caption.start_ms) for s in segments if s.played]


def caption_lags(segments: Iterable[Segment]) -> list[float]:
    """One per caption with text."""
    return [s.caption_at_ms - (s.caption.floor_epoch_ms + s.caption.end_ms) for s in segments if s.caption.text]


def stages_of(segment: Segment) -> dict[str, float]:
    """Every stage of a segment that was heard, those on the listener's side included; empty if it wasn't."""
    if segment.speech is None or segment.played is None:
        return {}
    return {
        **segment.speech.stages,
        stages.NOTIFY: segment.speech.stages.get(stages.NOTIFY, 0.0) + segment.speech_at_ms - segment.speech.sent_at_ms,
        stages.FETCH: segment.ready_at_ms - segment.speech_at_ms,
        stages.PLAY_WAIT: segment.played.start_ms - segment.ready_at_ms,
    }


def own_overhead(shares: dict[str, float]) -> float:
    """What the system itself adds to a segment, of its ``stages_of``."""
    return sum(shares.get(stage, 0.0) for stage in stages.OWN)
