"""Settings of the translator; each field is read from ``DRAGOMAN_`` and its name in capitals."""

from typing import Annotated, Literal

import msgspec

from services.common.settings import Port, PositiveInt, Seconds, Settings

Fraction = Annotated[float, msgspec.Meta(ge=0)]
Rate = Annotated[float, msgspec.Meta(ge=1.0, le=3.0)]


class TranslatorSettings(Settings, frozen=True, kw_only=True):
    """What the translator needs to know."""

    translator_port: Port = 18083
    translator_engines: Literal["local"] = "local"
    """Which adapters serve the ports ``Translator`` and ``Synthesizer``."""
    clips_bucket: str = "dragoman-clips"

    chunking: Literal["rolling", "clause"] = "rolling"
    """``rolling``: best text, each sentence is translated several times. ``clause``: each word once."""
    just_in_time_s: Fraction = 0.9
    """rolling: say the next words only when the speech in hand is this close to its end."""
    force_s: Seconds = 1.5
    """rolling: a word that waited so long is said once nothing is playing, agreed upon or not."""
    held_back_words: PositiveInt = 1
    """rolling: words at the end of an open sentence's translation that are kept back."""
    least_words: PositiveInt = 3
    """rolling: words that are worth a segment."""
    clause_age_s: Seconds = 2.5
    """clause: a word that waited so long is said with what has come since."""

    max_rate: Rate = 1.4
    """Fastest speech while the backlog is ordinary."""
    max_rate_far_behind: Rate = 1.7
    """Fastest speech when it isn't."""
    shed_backlog_s: Seconds = 20.0
    """Speech that would be heard later than this is not made: captions go on alone."""

    translate_deadline_s: Seconds = 4.0
    """For one translation, retries included; then its words become a segment marked as failed."""
    synthesize_deadline_s: Seconds = 6.0
    store_deadline_s: Seconds = 6.0
    linger_s: Seconds = 30.0
    """A language's lane stops when nobody has listened for so long."""
    translation_workers: PositiveInt = 1
    voice_workers: PositiveInt = 1
    """Processes that engines run in."""
    cached_phrases: PositiveInt = 2000
    """Translations that are kept for repetition."""
    cached_clips_mb: PositiveInt = 16
