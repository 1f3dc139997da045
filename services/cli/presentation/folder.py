"""What a talk leaves behind: the report, and for each language what was heard and read."""

from datetime import datetime
from pathlib import Path

import msgspec

from services.cli.clients import captions
from services.cli.clients.audio import write_wav
from services.cli.clients.listener import Hearing
from services.cli.clients.playback import render
from services.cli.evaluation.lag import words_of
from services.cli.evaluation.measure import cues_of, segments_of
from services.cli.evaluation.report import Report, Talk
from services.cli.evaluation.talk import Outcome
from services.cli.presentation import minutes, timeline
from services.common.languages import language

_WAV_RATE = 24_000


def new_folder(parent: Path) -> Path:
    """``parent/DATE-TIME``, made."""
    folder = parent / datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(path: Path, value: object) -> None:
    """Indented, for people too."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value)) + b"\n")


def write(folder: Path, outcome: Outcome, talk: Talk, report: Report) -> None:
    """report.json, timeline.svg, transcript.txt, and LANGUAGE.wav, .srt, .vtt, .txt.

    Of a recording that was played again and again minutes.svg, and no sound.
    """
    write_json(folder / "report.json", report)
    (folder / "transcript.txt").write_text(report.transcript + "\n", encoding="utf-8")
    for code, hearing in outcome.hearings.items():
        cues = cues_of(hearing)
        (folder / f"{code}.srt").write_text(captions.srt(cues), encoding="utf-8")
        (folder / f"{code}.vtt").write_text(captions.vtt(cues), encoding="utf-8")
        (folder / f"{code}.txt").write_text(captions.txt(cues, code), encoding="utf-8")
        if hearing.clips and outcome.loop_s is None:
            write_heard(folder / f"{code}.wav", hearing)
    (folder / "timeline.svg").write_text(_picture(talk, report), encoding="utf-8")
    if outcome.loop_s is not None:
        (folder / "minutes.svg").write_text(minutes.picture(report), encoding="utf-8")


def write_heard(path: Path, hearing: Hearing) -> None:
    """The speech as the listener heard it, from the talk's beginning on."""
    segments = segments_of(hearing)
    played = [segment.played for segment in segments if segment.played]
    origin_ms = min(segment.caption.floor_epoch_ms for segment in segments)
    clips = {index: (clip.sound, clip.rate) for index, clip in hearing.clips.items()}
    write_wav(path, render(played, clips, origin_ms, _WAV_RATE), _WAV_RATE)


def _picture(talk: Talk, report: Report) -> str:
    names = {code: language(code).name for code in talk.languages}
    lanes = timeline.lanes_of({code: of.segments for code, of in talk.languages.items()}, names)
    heard = ", ".join(
        f"{names[code]} {of.heard_lag_ms.p50 / 1000:.1f} / {of.heard_lag_ms.p95 / 1000:.1f} s"
        for code, of in report.languages.items()
        if of.heard_lag_ms.p50 is not None and of.heard_lag_ms.p95 is not None
    )
    subtitle = f"{report.duration_s:.0f} s at real pace. Heard lag of a word, median / 95 %: {heard or 'none'}"
    return timeline.draw(talk.recording, subtitle, language(talk.source).name, words_of(talk.finals), lanes)
