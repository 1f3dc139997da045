"""The one table of languages: what they are called, how they are written, who recognizes, translates, speaks them.

Tested against the engines' own lists, so that a code, a voice and a path always fit together.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

EngineSet = Literal["local", "aws"]
"""Whose engines serve a language: those of one machine, or Amazon's."""


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
    quality: Quality = Quality.GOOD
    """Of translations into it."""

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
    """Of Polly: ``ENGINE:VOICE:LANGUAGE``, since some voices speak several."""


@dataclass(frozen=True)
class Language:
    code: str
    """ISO 639-1; the key used in records, links and object keys."""
    name: str
    """In the language itself."""
    direction: str = "ltr"
    local: Local = Local()
    aws: Aws = Aws()
    spaced: bool = True
    """Whether spaces stand between its words."""

    def is_recognized(self, recognizer: EngineSet) -> bool:
        """Whether a talk may be given in it."""
        return self.local.recognizes if recognizer == "local" else self.aws.transcribe is not None

    def is_translated(self, source: "Language", translator: EngineSet) -> bool:
        """Whether there is a way from that language into this one."""
        if translator == "local":
            return bool(self.local.path_from(source.code))
        return source is not self and None not in (source.aws.translate, self.aws.translate)

    def quality(self, translator: EngineSet) -> Quality:
        """Of translations into it. Amazon's were not measured."""
        return self.local.quality if translator == "local" else Quality.GOOD

    def has_voice(self, translator: EngineSet) -> bool:
        """Whether translations into it are spoken, not only written."""
        return (self.local.voice if translator == "local" else self.aws.voice) is not None


class Offer(msgspec.Struct, frozen=True):
    """A language that a session's listeners may choose."""

    code: str
    name: str
    direction: str
    quality: Quality
    speech: bool
    """Whether it can be heard; the spoken language is to be read only."""


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
        aws=Aws(transcribe="en-US", translate="en", voice="neural:Joanna:en-US"),
    ),
    Language(
        "pt", "Português",
        local=Local(
            recognizes=True,
            paths={"en": (_PT,), "es": ("apertium:es-pt",)},
            voice="rhvoice:letícia-f123",
        ),
        aws=Aws(transcribe="pt-BR", translate="pt", voice="neural:Camila:pt-BR"),
    ),
    Language(
        "es", "Español",
        local=Local(
            recognizes=True,
            paths={"en": (_PT, "apertium:pt-es"), "pt": ("apertium:pt-es",)},
            voice="pico:es-ES",
        ),
        aws=Aws(transcribe="es-US", translate="es", voice="neural:Lucia:es-ES"),
    ),
    Language(
        "fr", "Français",
        local=Local(
            quality=Quality.DRAFT,
            paths={
                "en": (_PT, "apertium:por-cat", "apertium:cat-fra"),
                "pt": ("apertium:por-cat", "apertium:cat-fra"),
            },
            voice="pico:fr-FR",
        ),
        aws=Aws(transcribe="fr-FR", translate="fr", voice="neural:Lea:fr-FR"),
    ),
    Language(
        "it", "Italiano",
        local=Local(
            quality=Quality.DRAFT,
            paths={
                "en": (_PT, "apertium:por-cat", "apertium:cat-ita"),
                "pt": ("apertium:por-cat", "apertium:cat-ita"),
            },
            voice="pico:it-IT",
        ),
        aws=Aws(transcribe="it-IT", translate="it", voice="neural:Bianca:it-IT"),
    ),
    Language(
        "ca", "Català",
        local=Local(paths={"en": (_PT, "apertium:por-cat"), "pt": ("apertium:por-cat",)}),
        aws=Aws(transcribe="ca-ES", translate="ca", voice="neural:Arlet:ca-ES"),
    ),
    Language(
        "gl", "Galego",
        local=Local(
            paths={"en": (_PT, "apertium:pt-es", "apertium:es-gl"), "pt": ("apertium:pt-es", "apertium:es-gl")}
        ),
    ),
    Language("de", "Deutsch", aws=Aws(transcribe="de-DE", translate="de", voice="neural:Vicki:de-DE")),
    Language("nl", "Nederlands", aws=Aws(transcribe="nl-NL", translate="nl", voice="neural:Laura:nl-NL")),
    Language("da", "Dansk", aws=Aws(transcribe="da-DK", translate="da", voice="neural:Sofie:da-DK")),
    Language("no", "Norsk", aws=Aws(transcribe="no-NO", translate="no", voice="neural:Ida:nb-NO")),
    Language("sv", "Svenska", aws=Aws(transcribe="sv-SE", translate="sv", voice="neural:Elin:sv-SE")),
    Language("fi", "Suomi", aws=Aws(transcribe="fi-FI", translate="fi", voice="neural:Suvi:fi-FI")),
    Language("is", "Íslenska", aws=Aws(transcribe="is-IS", translate="is", voice="standard:Dora:is-IS")),
    Language("cy", "Cymraeg", aws=Aws(transcribe="cy-WL", translate="cy", voice="standard:Gwyneth:cy-GB")),
    Language("pl", "Polski", aws=Aws(transcribe="pl-PL", translate="pl", voice="neural:Ola:pl-PL")),
    Language("cs", "Čeština", aws=Aws(transcribe="cs-CZ", translate="cs", voice="neural:Jitka:cs-CZ")),
    Language("sk", "Slovenčina", aws=Aws(transcribe="sk-SK", translate="sk")),
    Language("hr", "Hrvatski", aws=Aws(transcribe="hr-HR", translate="hr")),
    Language("sr", "Српски", aws=Aws(transcribe="sr-RS", translate="sr")),
    Language("lv", "Latviešu", aws=Aws(transcribe="lv-LV", translate="lv")),
    Language("ro", "Română", aws=Aws(transcribe="ro-RO", translate="ro", voice="standard:Carmen:ro-RO")),
    Language("ru", "Русский", aws=Aws(transcribe="ru-RU", translate="ru", voice="standard:Tatyana:ru-RU")),
    Language("uk", "Українська", aws=Aws(transcribe="uk-UA", translate="uk")),
    Language("el", "Ελληνικά", aws=Aws(transcribe="el-GR", translate="el")),
    Language("tr", "Türkçe", aws=Aws(transcribe="tr-TR", translate="tr", voice="neural:Burcu:tr-TR")),
    Language("ar", "العربية", direction="rtl", aws=Aws(transcribe="ar-SA", translate="ar", voice="standard:Zeina:arb")),
    Language("he", "עברית", direction="rtl", aws=Aws(transcribe="he-IL", translate="he")),
    Language("fa", "فارسی", direction="rtl", aws=Aws(transcribe="fa-IR", translate="fa")),
    Language("hi", "हिन्दी", aws=Aws(transcribe="hi-IN", translate="hi", voice="neural:Kajal:hi-IN")),
    Language("th", "ไทย", spaced=False, aws=Aws(transcribe="th-TH", translate="th")),
    Language("vi", "Tiếng Việt", aws=Aws(transcribe="vi-VN", translate="vi")),
    Language("id", "Bahasa Indonesia", aws=Aws(transcribe="id-ID", translate="id")),
    Language("ms", "Bahasa Melayu", aws=Aws(transcribe="ms-MY", translate="ms")),
    Language("tl", "Filipino", aws=Aws(transcribe="tl-PH", translate="tl")),
    Language("zh", "中文", spaced=False, aws=Aws(transcribe="zh-CN", translate="zh", voice="neural:Zhiyu:cmn-CN")),
    Language("ja", "日本語", spaced=False, aws=Aws(transcribe="ja-JP", translate="ja", voice="neural:Takumi:ja-JP")),
    Language("ko", "한국어", aws=Aws(transcribe="ko-KR", translate="ko", voice="neural:Seoyeon:ko-KR")),
    Language("af", "Afrikaans", aws=Aws(transcribe="af-ZA", translate="af")),
    Language("so", "Soomaali", aws=Aws(transcribe="so-SO", translate="so")),
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


def spoken(recognizer: EngineSet) -> tuple[str, ...]:
    """Codes of the languages that a talk may be given in."""
    return tuple(code for code, entry in LANGUAGES.items() if entry.is_recognized(recognizer))


def targets(source: str, translator: EngineSet) -> tuple[str, ...]:
    """Codes of the languages that there is a way to."""
    return tuple(code for code, entry in LANGUAGES.items() if entry.is_translated(_entry(source), translator))


def offered(source: str, wanted: tuple[str, ...] | None, translator: EngineSet) -> tuple[Offer, ...]:
    """What a session's listeners may choose from, spoken language first. wanted: by its speaker; None: all.

    A source that is not in the table, which a newer service may know, is offered under its code, and alone.
    """
    possible = targets(source, translator)
    chosen = possible if wanted is None else (code for code in wanted if code in possible)
    return tuple(_offer(_entry(code), source, translator) for code in (source, *chosen))


def _entry(code: str) -> Language:
    """The table's row; for a code that it lacks one that no engine serves."""
    return LANGUAGES.get(code) or Language(code, code)


def _offer(entry: Language, source: str, translator: EngineSet) -> Offer:
    """The spoken language is as good as it was said, whatever translations into it are."""
    if entry.code == source:
        return Offer(entry.code, entry.name, entry.direction, Quality.GOOD, speech=False)
    speech = entry.has_voice(translator)
    return Offer(entry.code, entry.name, entry.direction, entry.quality(translator), speech)
