"""Whisper on short windows: what a stretch of speech says, and when. Lives in a worker process (``engine_host.py``).

The model sees the speech followed by silence, in windows of a few lengths: much less work than its usual 30 s, and
without the silence it repeats itself. Figures in ``docs/engines.md``.
"""

import math
from collections.abc import Iterator

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel

from services.common.contracts import SAMPLE_RATE
from services.transcriber.local.made_up import without_loops, without_made_up
from services.transcriber.local.model import Spoken

_PADDING_S = 2.0
_BUCKET_S = 2.0
_SHORTEST_WINDOW_S = 8.0
_LONGEST_WINDOW_S = 30.0
_FRAMES_PER_S = 100
_ALIGNMENT_STEP_MS = 20.0

_TOKENS_PER_S = 8
"""More than fast speech has: a decode that loops is cut here."""
_SPARE_TOKENS = 16
_NOISE_NO_SPEECH = 0.6
_NOISE_LOG_PROBABILITY = -1.0
"""Beyond both, the text is invented."""

Samples = npt.NDArray[np.float32]


class Whisper:
    """One loaded model. model: folder with ``model.bin``, ``config.json``, ``tokenizer.json``, ``vocabulary.txt``."""

    def __init__(self, model: str) -> None:
        loaded = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)
        self._model: ctranslate2.models.Whisper = loaded.model
        self._features = loaded.feature_extractor
        self._tokenizer = loaded.hf_tokenizer
        self._first_special = self._token("<|endoftext|>")
        self.recognize(bytes(2 * SAMPLE_RATE), "en")  # the first call is slower; nobody waits for this one

    def recognize(self, pcm: bytes, language: str) -> tuple[Spoken, ...]:
        """The words of at most ``MAX_SPEECH_S`` of s16le mono 16 kHz. Empty for noise."""
        speech = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        seconds = len(speech) / SAMPLE_RATE
        start = [self._token(f"<|{name}|>") for name in ("startoftranscript", language, "transcribe")]
        encoded = self._model.encode(self._window(speech, seconds))
        result = self._model.generate(
            encoded,
            [[*start, self._token("<|notimestamps|>")]],
            beam_size=1,
            max_length=len(start) + 1 + int(_TOKENS_PER_S * seconds) + _SPARE_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        if result.no_speech_prob > _NOISE_NO_SPEECH and result.scores[0] < _NOISE_LOG_PROBABILITY:
            return ()
        words = list(self._words([token for token in result.sequences_ids[0] if token < self._first_special]))
        words = without_loops(words, text=lambda word: word[0])
        if not words:
            return ()
        return without_made_up(tuple(self._timed(words, encoded, start, seconds)))

    def _token(self, text: str) -> int:
        token: int = self._tokenizer.token_to_id(text)
        return token

    def _window(self, speech: Samples, seconds: float) -> ctranslate2.StorageView:
        length = math.ceil((seconds + _PADDING_S) / _BUCKET_S) * _BUCKET_S
        length = min(_LONGEST_WINDOW_S, max(_SHORTEST_WINDOW_S, length))
        padded = np.zeros(int(length * SAMPLE_RATE), np.float32)
        padded[: len(speech)] = speech[: len(padded)]
        features: npt.NDArray[np.float64] = self._features(padded)[None, :, : int(length * _FRAMES_PER_S)]
        return ctranslate2.StorageView.from_array(np.ascontiguousarray(features, np.float32))

    def _words(self, tokens: list[int]) -> Iterator[tuple[str, list[int]]]:
        """Tokens grouped into words: one begins where a token begins with a space."""
        group: list[int] = []
        for token in [*tokens, None]:
            if group and (token is None or self._tokenizer.decode([token]).startswith(" ")):
                text = self._tokenizer.decode(group).strip()
                if any(character.isalnum() for character in text):
                    yield text, group
                group = []
            if token is not None:
                group.append(token)

    def _timed(
        self,
        words: list[tuple[str, list[int]]],
        encoded: ctranslate2.StorageView,
        start: list[int],
        seconds: float,
    ) -> Iterator[Spoken]:
        """A word lasts from its first token's place in the attention to the next word's."""
        tokens = [token for _, group in words for token in group]
        frames = int(min(_LONGEST_WINDOW_S, seconds + 0.5) * _FRAMES_PER_S)
        alignment = self._model.align(encoded, start, [tokens], [frames])[0]
        first: dict[int, float] = {}
        last: dict[int, float] = {}
        for token, frame in alignment.alignments:
            first.setdefault(token, frame * _ALIGNMENT_STEP_MS)
            last[token] = (frame + 1) * _ALIGNMENT_STEP_MS
        probabilities = list(alignment.text_token_probs)
        position, before = 0, 0.0
        for text, group in words:
            following = position + len(group)
            begins = min(first.get(position, before), seconds * 1000)
            ends = min(first.get(following, last.get(following - 1, begins)), seconds * 1000)
            yield Spoken(text, begins, ends, min(probabilities[position:following], default=0.0))
            position, before = following, ends
