"""``dragoman speak``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.connection import GaveUp, Refused, socket_url
from services.cli.clients.keyboard import keys
from services.cli.clients.microphone import FRAME_SAMPLES, play_as_captured, record
from services.cli.clients.recognition import watch_recognition
from services.cli.clients.sessions import Sessions
from services.cli.clients.speaker import Speaker
from services.cli.commands.running import run, say
from services.cli.stack.system import running
from services.common.contracts import SAMPLE_RATE, State
from services.common.languages import language


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
    """Speak into a session of the running stack, at real pace. Keys on a terminal: p pause, m mute, q end.

    \b
    dragoman speak talk.flac                        a new session, which ends with the file
    dragoman speak --mic --title "Town meeting"     live
    dragoman speak talk.wav --session ID --loop     into a session of yours, until Ctrl-C
    """
    if (file is None) == (not mic):
        raise typer.BadParameter("give either a file or --mic")
    run(_speak(file, session=session, source=source, title=title, loop=loop, keep=keep))


async def _speak(file: Path | None, *, session: str | None, source: str, title: str, loop: bool, keep: bool) -> None:
    """file None: the microphone. session None: a new one. keep: it stays open at the end."""
    system, code = running(), language(source).code
    floor = record() if file is None else play_as_captured(read_floor_audio(file), loop=loop)
    token = await system.sign_in()
    async with Sessions(system.ingest_url, token) as sessions:
        if session is None:
            made = await sessions.create(title or (file.stem if file else "Live talk"), code)
            session = made.session_id
            say(f"session {session}, code {made.code}")
            say(f"listen with: dragoman listen {made.code} --language pt")
        else:
            code = (await sessions.find(session)).source_language
    url = socket_url(system.ingest_url, "/speak")
    speaker = Speaker(url, session, token, floor, end=not keep, report=say)
    pressed = {
        "p": lambda: speaker.toggle(State.PAUSED),
        "m": lambda: speaker.toggle(State.MUTED),
        "q": speaker.finish,
    }
    with keys(lambda key: pressed.get(key, lambda: None)()) as there_are:
        if there_are:
            say("keys: p pause, m mute, q end")
        async with _watching(socket_url(system.notifier_url, "/listen"), session, code):
            await speaker.run()
    if speaker.lost_frames:
        lost_s = speaker.lost_frames * FRAME_SAMPLES / SAMPLE_RATE
        say(f"{lost_s:.1f} s of speech were lost while there was no connection")


@asynccontextmanager
async def _watching(url: str, session: str, source_language: str) -> AsyncIterator[None]:
    """Within the block the speaker is told when nothing is recognized. The talk goes on without that, too."""

    async def watch() -> None:
        try:
            await watch_recognition(url, session, source_language, say)
        except (Refused, GaveUp) as fault:
            say(f"whether you are recognized can't be told: {fault}")

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait((watching,))
        if not watching.cancelled():
            watching.result()
