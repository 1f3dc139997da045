"""Captions as files, settings, and the words of Amazon's recognizer."""

import contextlib
import re

import msgspec

from services.cli.clients.captions import cues, displayed, srt, txt, vtt
from services.cli.clients.notices import CaptionNotice
from services.common.settings import SettingsError, load
from services.ingest.settings import IngestSettings
from services.notifier.settings import NotifierSettings
from services.transcriber.settings import TranscriberSettings
from services.translator.settings import TranslatorSettings
from tests.fuzz.source import Source
from tests.fuzz.target import Target

_TIME = r"\d\d+:\d\d:\d\d[.,]\d{3}"


def subtitles(data: bytes) -> None:
    """Files in which a player finds as many cues as there are, in order, whatever a caption says."""
    source = Source(data)
    notices: list[CaptionNotice] = []
    while not source.spent and len(notices) < 20:
        with contextlib.suppress(msgspec.ValidationError):
            notices.append(msgspec.convert(source.struct(CaptionNotice), CaptionNotice))
    made = cues(notices, ".")
    shown = displayed(made)
    for code in ("en", "ja"):
        txt(made, code)
    for written, head in ((srt(made), ""), (vtt(made), "WEBVTT\n\n")):
        assert written.startswith(head)
        blocks = [block for block in re.split(r"\r\n?|\n(?=\n)", written.removeprefix(head)) if block.strip("\n")]
        assert len(blocks) == len(shown), blocks
        for block in blocks:
            lines = block.strip("\n").split("\n")
            timing = lines[1] if not head else lines[0]
            assert re.fullmatch(f"{_TIME} --> {_TIME}", timing), timing
            assert sum("-->" in line for line in lines) == 1, lines


def settings(data: bytes) -> None:
    """Any environment: what is wrong in it is said."""
    source, env = Source(data), {}
    for kind in (IngestSettings, TranscriberSettings, TranslatorSettings, NotifierSettings):
        for name in kind.__struct_fields__:
            if source.below(4) == 0:
                env[f"DRAGOMAN_{name.upper()}"] = _setting(source)
        with contextlib.suppress(SettingsError):
            load(kind, env)


def _setting(source: Source) -> str:
    kind = source.below(3)
    if kind == 0:
        return str(source.number())
    # As the environment has it: bytes that are no UTF-8 are surrogates.
    return source.text() if kind == 1 else source.take(source.below(30)).decode("utf-8", "surrogateescape")


TARGETS = (
    Target("subtitles", subtitles, (bytes(80), bytes(range(256)), bytes(range(255, 0, -1)) * 2)),
    Target("settings", settings, (bytes(100), bytes(range(256)))),
)
