"""What may be asked of Amazon's engines beyond the text."""

from typing import Literal

import msgspec

AudioFormat = Literal["mp3", "ogg_opus"]
Formality = Literal["unset", "formal", "informal"]


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """For every translation. Translate leaves out by itself what a language pair doesn't take."""

    formality: Formality = "unset"
    mask_profanity: bool = False
    brevity: bool = False
    """Never switched within a talk: a sentence that is open is translated again and again, and what was said stays."""
    terminology: str = ""
    """Name of a custom terminology in the account and region; empty: none."""
