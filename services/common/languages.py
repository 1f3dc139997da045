"""The one table of languages: what they are called, which way they are written, who recognizes, translates, speaks.

Tested against the engines' own lists, so that a code, a voice and a path always fit together.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Quality(enum.StrEnum):
    """DRAFT: understandable, rough; said so to whoever picks it."""

    GOOD = "good"
    DRAFT = "draft"


@dataclass(frozen=True)
class Local:
    """How the open engines of one machine serve a language. Empty: they don't."""

    recognizes: bool = False
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By source language: the translation steps from there, ``nmt:en-pt`` or ``apertium:MODE``."""
    voice: str | None = None
    """``rhvoice:NAME`` or ``pico:VOICE``."""

    def path_from(self, source: str) -> tuple[str, ...]:
        """The steps from this language; empty: there is no way."""
        return self.paths.get(source, ())


@dataclass(frozen=True)
class Aws:
    """How Amazon's engines serve a language, in their own codes. None: they don't."""

    transcribe: str | None = None
    """Of Transcribe's streaming."""
    translate: str | None = None
    voice: str | None = None
    """Of Polly: ``ENGINE:VOICE``."""


@dataclass(frozen=True)
class Language:
    code: str
    """ISO 639-1; the key used in records, links and object keys."""
    name: str
    """In the language itself."""
    direction: str = "ltr"
    quality: Quality = Quality.GOOD
    local: Local = Local()
    aws: Aws = Aws()


_PT = "nmt:en-pt"

# fmt: off
_TABLE = (
    Language(
        "en", "English",
        local=Local(
            recognizes=True,
            paths={"pt": ("nmt:pt-en",), "es": ("apertium:es-pt", "nmt:pt-en")},
            voice="pico:en-GB",
        ),
        aws=Aws(transcribe="en-US", translate="en", voice="neural:Joanna"),
    ),
    Language(
        "pt", "Português",
        local=Local(
            recognizes=True,
            paths={"en": (_PT,), "es": ("apertium:es-pt",)},
            voice="rhvoice:letícia-f123",
        ),
        aws=Aws(transcribe="pt-BR", translate="pt", voice="neural:Camila"),
    ),
    Language(
        "es", "Español",
        local=Local(
            recognizes=True,
            paths={"en": (_PT, "apertium:pt-es"), "pt": ("apertium:pt-es",)},
            voice="pico:es-ES",
        ),
        aws=Aws(transcribe="es-US", translate="es", voice="neural:Lucia"),
    ),
    Language(
        "fr", "Français", quality=Quality.DRAFT,
        local=Local(
            paths={
                "en": (_PT, "apertium:por-cat", "apertium:cat-fra"),
                "pt": ("apertium:por-cat", "apertium:cat-fra"),
            },
            voice="pico:fr-FR",
        ),
        aws=Aws(transcribe="fr-FR", translate="fr", voice="neural:Lea"),
    ),
    Language(
        "it", "Italiano", quality=Quality.DRAFT,
        local=Local(
            paths={
                "en": (_PT, "apertium:por-cat", "apertium:cat-ita"),
                "pt": ("apertium:por-cat", "apertium:cat-ita"),
            },
            voice="pico:it-IT",
        ),
        aws=Aws(transcribe="it-IT", translate="it", voice="neural:Bianca"),
    ),
    Language(
        "ca", "Català",
        local=Local(paths={"en": (_PT, "apertium:por-cat"), "pt": ("apertium:por-cat",)}),
        aws=Aws(transcribe="ca-ES", translate="ca", voice="neural:Arlet"),
    ),
    Language(
        "gl", "Galego",
        local=Local(
            paths={"en": (_PT, "apertium:pt-es", "apertium:es-gl"), "pt": ("apertium:pt-es", "apertium:es-gl")}
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
