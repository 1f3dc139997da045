"""``dragoman speak``."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli import speaking
from services.cli.commands.running import run


def speak(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="FLAC, WAV, OGG or MP3.", exists=True, dir_okay=False)
    ] = None,
    mic: Annotated[bool, typer.Option("--mic", help="This machine's microphone instead of a file.")] = False,
    session: Annotated[str | None, typer.Option(help="Id of an own session; a new one unless given.")] = None,
    source: Annotated[str, typer.Option(help="Spoken language.")] = "en",
    title: Annotated[str, typer.Option(help="What listeners see.")] = "",
    loop: Annotated[bool, typer.Option("--loop", help="Play the file again and again until Ctrl-C.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the session open at the end.")] = False,
) -> None:
    """Speak into a session of the running stack, at real pace.

    \b
    dragoman speak talk.flac                        a new session, which ends with the file
    dragoman speak --mic --title "Town meeting"     live
    dragoman speak talk.wav --session ID --loop     into a session of yours, until Ctrl-C
    """
    if (file is None) == (not mic):
        raise typer.BadParameter("give either a file or --mic")

    run(speaking.speak(file, session=session, source=source, title=title, loop=loop, keep=keep))
