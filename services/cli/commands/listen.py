"""``dragoman listen``."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli import listening
from services.cli.commands.running import run


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
    dragoman listen K7F2QX --language pt
    dragoman listen K7F2QX --language es --save heard.wav --save talk.srt
    dragoman listen K7F2QX --language fr --captions-only --json
    """
    wanted = save or []
    for path in wanted:
        if path.suffix not in (".wav", *listening.CAPTION_FILES):
            raise typer.BadParameter(f"{path}: only .wav, {', '.join(listening.CAPTION_FILES)} can be saved")
    run(listening.listen(session, language, save=wanted, hear=not captions_only, as_json=json))
