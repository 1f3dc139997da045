"""What the tests of whole talks share: recordings, and what must be true of every talk."""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from services.cli.clients.audio import Sound, read_floor_audio, resample
from services.cli.clients.notices import CaptionNotice, Notice
from services.cli.evaluation.accounting import account
from services.cli.evaluation.measure import segments_of
from services.cli.evaluation.quality import word_error_rate
from services.cli.evaluation.talk import Audience, Outcome, give
from services.cli.stack.system import System
from services.common.contracts import SAMPLE_RATE, Word
from services.common.home import home
from services.transcriber.local.whisper import Whisper
from tests.standins.talk import spoken_words

SPEECH = Path(__file__).parents[1] / "data" / "speech"
IVORY = SPEECH / "en-voxpopuli-ivory.flac"
BABYLON = SPEECH / "en-linda-babylon.flac"

_ROUNDING_MS = 0.01
_WINDOW_S = 20
_LONGEST_WINDOW_S = 28
_HALF_SECOND = SAMPLE_RATE // 2
_LOUD = 200.0
_ALIKE = 0.8
"""A busy machine puts silence into what a browser captures."""


def recording(folder: Path, name: str, sound: NDArray[np.float32] | NDArray[np.int16]) -> Path:
    """A recording made for a test."""
    path = folder / f"en-{name}.flac"
    soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16")
    return path


def excerpt(folder: Path, of: Path, until_ms: int) -> Path:
    """The beginning of a recording, with the words that were said in it."""
    spoken = spoken_words(of)
    path = recording(folder, f"{of.stem}-{until_ms}", read_floor_audio(of)[: until_ms * SAMPLE_RATE // 1000])
    path.with_suffix(".txt").write_text(" ".join(word.word for word in spoken if word.end_ms <= until_ms))
    return path


async def assert_heard_while_silence_and_noise_say_nothing(system: System, folder: Path, most_errors: float) -> Outcome:
    """Three talks at once, one of them of words: every word of that reaches every listener once and in order."""
    noise = np.random.default_rng(7).normal(0, 0.03, 20 * SAMPLE_RATE).astype(np.float32)
    silent = recording(folder, "silence", np.zeros(20 * SAMPLE_RATE, np.float32))
    noisy = recording(folder, "noise", noise)
    talk, *quiet = await asyncio.gather(
        give(system, IVORY, "en", (Audience("pt"), Audience("es"), Audience("ca", hear=False))),
        give(system, silent, "en", (Audience("pt"),)),
        give(system, noisy, "en", (Audience("pt"),)),
    )
    assert_faithful(talk, most_errors)
    assert not talk.hearings["ca"].clips
    for outcome in quiet:
        assert not outcome.finals
        assert not outcome.hearings["pt"].captions
        assert outcome.hearings["pt"].segments == 0
    return talk


def when_captioned(actions: dict[int, Callable[[], None]]) -> Callable[[str, Notice, float], None]:
    """Do something as soon as the caption of an index arrives in Portuguese."""

    def on_notice(language: str, notice: Notice, _: float) -> None:
        if language == "pt" and isinstance(notice, CaptionNotice):
            actions.pop(notice.index, lambda: None)()

    return on_notice


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
    assert_captions_follow(captions)
    assert hearing.segments == len(captions)
    assert account(words_of(outcome), captions, hearing.segments).clean


def assert_captions_follow(captions: Sequence[CaptionNotice]) -> None:
    """Captions are gapless, their spans follow each other, and none failed. Some may stand for what never came."""
    assert [caption.index for caption in captions] == list(range(len(captions)))
    for before, after in itertools.pairwise(captions):
        assert before.end_ms <= after.start_ms + _ROUNDING_MS
    assert not [caption for caption in captions if caption.failed and not caption.missing_ms]


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


def recognized_back(sounds: Iterable[tuple[Sound, int]], language: str) -> str:
    """Clips with their rates, in the order in which they were heard, as a recognizer hears them."""
    engine = Whisper(str(home() / "models" / "whisper-base"))
    windows: list[list[Sound]] = [[]]
    for sound, rate in sounds:
        windows[-1].append(resample(sound, rate, SAMPLE_RATE))
        if sum(piece.size for piece in windows[-1]) > _WINDOW_S * SAMPLE_RATE:
            windows.append([])
    texts: list[str] = []
    for window in filter(None, windows):
        pcm = (np.concatenate(window)[: _LONGEST_WINDOW_S * SAMPLE_RATE] * 32767).astype("<i2").tobytes()
        texts += [word.text for word in engine.recognize(pcm, language)]
    return " ".join(texts)


def share_found(floor: NDArray[np.int16], recording: Path) -> float:
    """Share of the loud half seconds of floor audio, one a second, that are found in the recording."""
    source = read_floor_audio(recording).astype(np.float32)
    power = np.concatenate([[0.0], np.cumsum(source.astype(np.float64) ** 2)])
    energy = (power[_HALF_SECOND:] - power[:-_HALF_SECOND]).clip(1.0)
    size = 1 << (source.size + _HALF_SECOND).bit_length()
    spectrum = np.fft.rfft(source, size)
    found = []
    for start in range(0, floor.size - _HALF_SECOND, SAMPLE_RATE):
        window = floor[start : start + _HALF_SECOND].astype(np.float32)
        if np.sqrt(np.mean(window**2)) < _LOUD:
            continue
        alike = np.fft.irfft(spectrum * np.conj(np.fft.rfft(window, size)), size)[: energy.size]
        found.append((alike / np.sqrt(energy * np.sum(window**2))).max() > _ALIKE)
    return float(np.mean(found))
