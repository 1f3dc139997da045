"""``dragoman listen``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.cli.clients.captions import srt, txt, vtt
from services.cli.clients.connection import socket_url
from services.cli.clients.listener import Listener
from services.cli.clients.notices import CaptionNotice, Joined, Notice, StateNotice
from services.cli.commands.running import run, say
from services.cli.evaluation.measure import cues_of
from services.cli.presentation.folder import write_heard
from services.cli.stack.system import running
from services.common.languages import language

CAPTION_FILES = (".srt", ".vtt", ".txt")


def listen(
    session: Annotated[str, typer.Argument(help="Id or code.")],
    language: Annotated[str, typer.Option(help="Code of the language to listen to.")],
    save: Annotated[
        list[Path] | None, typer.Option(help="Speech as heard (.wav) or captions (.srt, .vtt, .txt). Repeatable.")
    ] = None,
    captions_only: Annotated[bool, typer.Option("--captions-only", help="Read; fetch no speech.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Each notice as a line of JSON.")] = False,
) -> None:
    """Listen to a session until it ends: captions on the terminal, each after its lag.

    \b
    dragoman listen K7F2QXA --language pt
    dragoman listen K7F2QXA --language es --save heard.wav --save talk.srt
    dragoman listen K7F2QXA --language fr --captions-only --json
    """
    wanted = save or []
    for path in wanted:
        if path.suffix not in (".wav", *CAPTION_FILES):
            raise typer.BadParameter(f"{path}: only .wav, {', '.join(CAPTION_FILES)} can be saved")
    run(_listen(session, language, save=wanted, hear=not captions_only, as_json=json))


async def _listen(session: str, code: str, *, save: list[Path], hear: bool, as_json: bool) -> None:
    """Listen until the session ends. save: .wav as heard, captions as any of CAPTION_FILES; also after Ctrl-C."""
    listener = Listener(
        socket_url(running().notifier_url, "/listen"),
        session,
        language(code).code,
        hear=hear,
        on_notice=_print_json if as_json else _print,
        report=say,
    )
    try:
        await listener.run()
    finally:
        for path in save:
            _save(path, listener)


def _save(path: Path, listener: Listener) -> None:
    if path.suffix in CAPTION_FILES:
        path.write_text(_captions(path.suffix, listener), encoding="utf-8")
    elif listener.hearing.clips:
        write_heard(path, listener.hearing)
    else:
        say(f"nothing was heard, so {path} was not written")
        return
    say(f"wrote {path}")


def _captions(suffix: str, listener: Listener) -> str:
    cues = cues_of(listener.hearing)
    match suffix:
        case ".srt":
            return srt(cues)
        case ".vtt":
            return vtt(cues)
        case _:
            return txt(cues, listener.language)


def _print_json(notice: Notice, at_ms: float) -> None:
    print(msgspec.json.encode({"received_at_ms": at_ms, **msgspec.to_builtins(notice)}).decode(), flush=True)


def _print(notice: Notice, at_ms: float) -> None:
    match notice:
        case Joined(title=title):
            say(f"“{title}” is {_standing(notice)}")
        case StateNotice():
            say(f"now {_standing(notice)}")
        case CaptionNotice(text=text) if text:
            lag_s = (at_ms - notice.floor_epoch_ms - notice.end_ms) / 1000
            print(f"{lag_s:5.1f} s  {text}", flush=True)
        case CaptionNotice(shown=shown) if shown:
            say(shown.strip("[]"))
        case _:
            pass


def _standing(notice: Joined | StateNotice) -> str:
    return notice.state.value + ("" if notice.recognized else ", but no recognizer is free for it: nothing comes")
