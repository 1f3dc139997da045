"""What the tests of whole talks share: recordings, and what must be true of every talk."""

import itertools
from pathlib import Path

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from services.cli.clients.audio import read_floor_audio
from services.cli.evaluation.accounting import account
from services.cli.evaluation.measure import segments_of
from services.cli.evaluation.quality import word_error_rate
from services.cli.evaluation.talk import Outcome
from services.common.contracts import SAMPLE_RATE, Word

SPEECH = Path(__file__).parents[1] / "data" / "speech"
IVORY = SPEECH / "en-voxpopuli-ivory.flac"
BABYLON = SPEECH / "en-linda-babylon.flac"

_LONGEST_WORD_GAP_MS = 3000.0
_ROUNDING_MS = 0.01


class SpokenWord(msgspec.Struct, frozen=True):
    """A word of a reference transcript that has times."""

    word: str
    end_ms: int


def recording(folder: Path, name: str, sound: NDArray[np.float32] | NDArray[np.int16]) -> Path:
    """A recording made for a test."""
    path = folder / f"en-{name}.flac"
    soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16")
    return path


def excerpt(folder: Path, of: Path, until_ms: int) -> Path:
    """The beginning of a recording, with the words that were said in it."""
    spoken = msgspec.json.decode(of.with_suffix(".words.json").read_bytes(), type=list[SpokenWord])
    path = recording(folder, f"{of.stem}-{until_ms}", read_floor_audio(of)[: until_ms * SAMPLE_RATE // 1000])
    path.with_suffix(".txt").write_text(" ".join(word.word for word in spoken if word.end_ms <= until_ms))
    return path


def words_of(outcome: Outcome) -> list[Word]:
    """The transcript's words."""
    return [word for read in outcome.finals for word in read.final.words]


def assert_faithful(outcome: Outcome, most_errors: float) -> None:
    """The transcript is near the reference, and every word of it reached every listener once and in order."""
    assert_transcribed(outcome, most_errors)
    for language in outcome.hearings:
        assert_heard_once_in_order(outcome, language)


def assert_transcribed(outcome: Outcome, most_errors: float) -> None:
    """The transcript is near the reference, and its finals are gapless."""
    words = words_of(outcome)
    reference = outcome.recording.with_suffix(".txt").read_text(encoding="utf-8")
    errors = word_error_rate([reference], [" ".join(word.text for word in words)])
    assert errors is not None
    assert errors <= most_errors, (errors, " ".join(word.text for word in words))
    assert [read.final.index for read in outcome.finals] == list(range(len(outcome.finals)))


def assert_read_once_in_order(outcome: Outcome, language: str) -> None:
    """Captions are gapless, their spans follow each other and hold every word."""
    hearing = outcome.hearings[language]
    captions = [caption for _, caption in hearing.captions]
    assert [caption.index for caption in captions] == list(range(len(captions)))
    assert hearing.segments == len(captions)
    for before, after in itertools.pairwise(captions):
        assert before.end_ms <= after.start_ms + _ROUNDING_MS
    assert account(words_of(outcome), captions, hearing.segments).clean
    assert not [caption for caption in captions if caption.failed]


def assert_heard_once_in_order(outcome: Outcome, language: str) -> None:
    """Captions are complete, and each has the speech that it promised, one after the other."""
    assert_read_once_in_order(outcome, language)
    hearing = outcome.hearings[language]
    played = [segment for segment in segments_of(hearing) if segment.played]
    promised = [caption.index for _, caption in hearing.captions if caption.spoken]
    if hearing.clips:
        assert [segment.caption.index for segment in played] == promised
        spoken = [(segment.played.start_ms, segment.played.end_ms) for segment in played if segment.played]
        assert all(end <= start + _ROUNDING_MS for (_, end), (start, _) in itertools.pairwise(spoken))
