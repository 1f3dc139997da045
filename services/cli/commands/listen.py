"""``dragoman listen``: read a session's captions, and keep what a listener hears."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.cli.captions import srt, txt, vtt
from services.cli.commands.running import run, say
from services.cli.connection import socket_url
from services.cli.folder import write_heard
from services.cli.listener import Listener
from services.cli.measure import cues_of
from services.cli.notices import CaptionNotice, Joined, Notice, StateNotice
from services.cli.system import running
from services.common.languages import language as known_language

_WRITERS = {".srt": srt, ".vtt": vtt, ".txt": txt}


def listen(
    session: Annotated[str, typer.Argument(help="Id or code.")],
    language: Annotated[str, typer.Option(help="Code of the language to listen to.")],
    save: Annotated[
        list[Path] | None, typer.Option(help="Write out.wav (as heard), or captions as .srt, .vtt or .txt. Repeatable.")
    ] = None,
    captions_only: Annotated[bool, typer.Option("--captions-only", help="Read, don't fetch speech.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Each notice as a line of JSON.")] = False,
) -> None:
    """Listen to a session until it ends.

    Examples:

      dragoman listen K7F-2QX --language pt

      dragoman listen K7F-2QX --language es --save heard.wav --save talk.srt

      dragoman listen K7F-2QX --language fr --captions-only --json
    """
    wanted = save or []
    for path in wanted:
        if path.suffix not in (".wav", *_WRITERS):
            raise typer.BadParameter(f"{path}: can save .wav, {', '.join(_WRITERS)}")
    run(_listen(session, language, wanted, captions_only, as_json))


async def _listen(session: str, code: str, save: list[Path], captions_only: bool, as_json: bool) -> None:
    system = running()
    listener = Listener(
        socket_url(system.notifier_url, "/listen"),
        session,
        known_language(code).code,
        hear=not captions_only,
        on_notice=_print_json if as_json else _print,
        report=say,
    )
    try:
        await listener.run()
    finally:
        for path in save:
            _save(path, listener)


def _save(path: Path, listener: Listener) -> None:
    if path.suffix in _WRITERS:
        path.write_text(_WRITERS[path.suffix](cues_of(listener.hearing)), encoding="utf-8")
    elif listener.hearing.clips:
        write_heard(path, listener.hearing)
    else:
        say(f"nothing was heard, so {path} was not written")
        return
    say(f"wrote {path}")


def _print_json(notice: Notice, at_ms: float) -> None:
    print(msgspec.json.encode({"received_at_ms": at_ms, **msgspec.to_builtins(notice)}).decode(), flush=True)


def _print(notice: Notice, at_ms: float) -> None:
    match notice:
        case Joined(title=title, state=state):
            say(f"“{title}” is {state.value}")
        case StateNotice(state=state):
            say(f"now {state.value}")
        case CaptionNotice(text=text) if text:
            lag_s = (at_ms - notice.floor_epoch_ms - notice.end_ms) / 1000
            print(f"{lag_s:5.1f} s  {text}", flush=True)
        case CaptionNotice(failed=failed) if failed:
            say(f"no translation: {failed}")
        case _:
            pass
