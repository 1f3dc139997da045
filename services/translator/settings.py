"""Settings of the translator; each field is read from ``DRAGOMAN_`` and its name in capitals."""

from typing import Annotated, Literal

import msgspec

from services.common.languages import EngineSet
from services.common.settings import Endpoint, Port, PositiveInt, Seconds, Settings
from services.translator.aws.style import AudioFormat, Formality
from services.translator.clause import ClausePolicy
from services.translator.engines import Deadlines
from services.translator.playhead import Pace
from services.translator.rolling import RollingPolicy

NonNegativeSeconds = Annotated[float, msgspec.Meta(ge=0)]
PerSecond = Annotated[float, msgspec.Meta(gt=0)]
SpeechRate = Annotated[float, msgspec.Meta(ge=1.0, le=3.0)]

_rolling, _clause, _pace, _deadlines = RollingPolicy(), ClausePolicy(), Pace(), Deadlines()


class TranslatorSettings(Settings, frozen=True, kw_only=True):
    """What the translator needs to know."""

    translator_port: Port = 18083
    translator_engines: EngineSet = "local"
    """Which adapters serve the ports ``Translator`` and ``Synthesizer``."""
    clips_bucket: str = "dragoman-clips"
    traces_endpoint: Endpoint = ""
    """Where traces are sent (OTLP by HTTP, with its path); empty: there are none."""

    chunking: Literal["rolling", "clause"] = "rolling"
    """``rolling``: best text, each sentence is translated several times. ``clause``: each word once."""
    just_in_time_s: NonNegativeSeconds = _rolling.just_in_time_ms / 1000
    """rolling: say the next words only when the speech in hand is this close to its end."""
    force_s: Seconds = _rolling.force_ms / 1000
    """rolling: a word that waited so long is said once nothing is playing, agreed upon or not."""
    held_back_words: PositiveInt = _rolling.held_back
    """rolling: words at the end of an open sentence's translation that are kept back."""
    least_words: PositiveInt = _rolling.least_words
    """rolling: words that are worth a segment."""
    clause_age_s: Seconds = _clause.age_ms / 1000
    """clause: a word that waited so long is said with what has come since."""

    max_rate: SpeechRate = _pace.most
    """Fastest speech while the backlog is ordinary."""
    max_rate_far_behind: SpeechRate = _pace.most_far_behind
    """Fastest speech when it isn't."""
    shed_backlog_s: Seconds = 20.0
    """Speech that would be heard later than this is not made: captions go on alone."""

    translate_deadline_s: Seconds = _deadlines.translate_s
    """For one translation, retries included; then its words become a segment marked as failed."""
    synthesize_deadline_s: Seconds = _deadlines.synthesize_s
    store_deadline_s: Seconds = _deadlines.store_s
    translation_workers: PositiveInt = 1
    voice_workers: PositiveInt = 1
    """Processes that engines run in."""
    cached_phrases: PositiveInt = 2000
    """Translations that are kept for repetition."""
    cached_clips_mb: PositiveInt = 8

    translate_formality: Formality = "unset"
    """aws: how listeners are addressed, in languages that know a difference."""
    translate_mask_profanity: bool = False
    """aws: whether profane words are masked."""
    translate_brevity: bool = False
    """aws: whether translations are kept short, where Translate can."""
    translate_terminology: str = ""
    """aws: name of a custom terminology."""
    translate_calls_per_s: PerSecond = 20.0
    """aws: this task's share of the account's quota."""
    polly_calls_per_s: PerSecond = 8.0
    polly_format: AudioFormat = "mp3"
    """aws: of the clips."""
