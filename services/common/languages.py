"""The one table of languages: what they are called, which way they are written, who recognizes, translates, speaks.

Tested against the engines' own lists, so that a code, a voice and a path always fit together.
"""

import enum
from dataclasses import dataclass


class Quality(enum.StrEnum):
    """DRAFT: understandable, rough; said so to whoever picks it."""

    GOOD = "good"
    DRAFT = "draft"


@dataclass(frozen=True)
class Local:
    """How the open engines of one machine serve a language. Empty: they don't."""

    recognizes: bool = False
    path_from_en: tuple[str, ...] = ()
    """Translation steps from English: ``nmt:en-pt`` or ``apertium:MODE``."""
    path_from_pt: tuple[str, ...] = ()
    path_from_es: tuple[str, ...] = ()
    voice: str | None = None
    """``rhvoice:NAME`` or ``pico:VOICE``."""

    def path_from(self, source: str) -> tuple[str, ...]:
        return {"en": self.path_from_en, "pt": self.path_from_pt, "es": self.path_from_es}.get(source, ())


@dataclass(frozen=True)
class Language:
    code: str
    """ISO 639-1; the key used in records, links and object keys."""
    name: str
    """In the language itself."""
    english_name: str
    direction: str = "ltr"
    quality: Quality = Quality.GOOD
    local: Local = Local()


_PT = "nmt:en-pt"

# fmt: off
_TABLE = (
    Language(
        "en", "English", "English",
        local=Local(
            recognizes=True,
            path_from_pt=("nmt:pt-en",),
            path_from_es=("apertium:es-pt", "nmt:pt-en"),
            voice="pico:en-GB",
        ),
    ),
    Language(
        "pt", "Português", "Portuguese",
        local=Local(
            recognizes=True,
            path_from_en=(_PT,),
            path_from_es=("apertium:es-pt",),
            voice="rhvoice:letícia-f123",
        ),
    ),
    Language(
        "es", "Español", "Spanish",
        local=Local(
            recognizes=True,
            path_from_en=(_PT, "apertium:pt-es"),
            path_from_pt=("apertium:pt-es",),
            voice="pico:es-ES",
        ),
    ),
    Language(
        "fr", "Français", "French", quality=Quality.DRAFT,
        local=Local(
            path_from_en=(_PT, "apertium:por-cat", "apertium:cat-fra"),
            path_from_pt=("apertium:por-cat", "apertium:cat-fra"),
            voice="pico:fr-FR",
        ),
    ),
    Language(
        "it", "Italiano", "Italian", quality=Quality.DRAFT,
        local=Local(
            path_from_en=(_PT, "apertium:por-cat", "apertium:cat-ita"),
            path_from_pt=("apertium:por-cat", "apertium:cat-ita"),
            voice="pico:it-IT",
        ),
    ),
    Language(
        "ca", "Català", "Catalan",
        local=Local(path_from_en=(_PT, "apertium:por-cat"), path_from_pt=("apertium:por-cat",)),
    ),
    Language(
        "gl", "Galego", "Galician",
        local=Local(
            path_from_en=(_PT, "apertium:pt-es", "apertium:es-gl"), path_from_pt=("apertium:pt-es", "apertium:es-gl")
        ),
    ),
)
# fmt: on

LANGUAGES: dict[str, Language] = {language.code: language for language in _TABLE}


class UnknownLanguage(ValueError):
    """A code that is not in the table."""


def language(code: str) -> Language:
    """Look a code up. Raises UnknownLanguage, which lists the codes there are."""
    try:
        return LANGUAGES[code]
    except KeyError:
        raise UnknownLanguage(f"unknown language {code!r}; there are {', '.join(LANGUAGES)}") from None


def offered(source: str, targets: tuple[str, ...] | None) -> tuple[str, ...]:
    """What a session's listeners may choose from, spoken language first. ``targets`` None: all there is a path to."""
    if targets is None:
        targets = tuple(code for code, entry in LANGUAGES.items() if entry.local.path_from(source))
    return (source, *(code for code in targets if code != source and code in LANGUAGES))
