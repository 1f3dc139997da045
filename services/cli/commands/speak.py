"""``dragoman speak``: a recording or the microphone into a session."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.audio import read_floor_audio
from services.cli.commands.running import run, say
from services.cli.connection import socket_url
from services.cli.microphone import play_as_captured, record
from services.cli.sessions import Sessions
from services.cli.speaker import Speaker
from services.cli.system import running
from services.common.languages import language


def speak(
    file: Annotated[Path | None, typer.Argument(help="FLAC, WAV, OGG or MP3.", exists=True, dir_okay=False)] = None,
    mic: Annotated[bool, typer.Option("--mic", help="This machine's microphone instead of a file.")] = False,
    session: Annotated[str | None, typer.Option(help="Id of an own session; a new one if left out.")] = None,
    source: Annotated[str, typer.Option(help="Spoken language.")] = "en",
    title: Annotated[str, typer.Option(help="What listeners see.")] = "",
    loop: Annotated[bool, typer.Option("--loop", help="Play the file again and again until Ctrl-C.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the session open at the end.")] = False,
) -> None:
    """Speak into a session, at real pace.

    Examples:

      dragoman speak talk.flac

      dragoman speak --mic --title "Town meeting"

      dragoman speak talk.wav --session 3q2-7Hk... --loop
    """
    if (file is None) == (not mic):
        raise typer.BadParameter("give either a file or --mic")
    run(_speak(file, session, language(source).code if source else source, title, loop, keep))


async def _speak(file: Path | None, session: str | None, source: str, title: str, loop: bool, keep: bool) -> None:
    system = running()
    floor = record() if file is None else play_as_captured(read_floor_audio(file), loop=loop)
    token = await system.sign_in()
    if session is None:
        async with Sessions(system.ingest_url, token) as sessions:
            made = await sessions.create(title or (file.stem if file else "Live talk"), source)
        session = made.session_id
        say(f"session {session}  code {made.code}")
        say(f"listen with: dragoman listen {made.code} --language pt")
    speaker = Speaker(socket_url(system.ingest_url, "/speak"), session, token, floor, end=not keep, report=say)
    await speaker.run()
    if speaker.lost_frames:
        say(f"{speaker.lost_frames * 0.096:.1f} s of speech were lost while there was no connection")
