"""What ``dragoman speak`` does."""

from pathlib import Path

from services.cli.audio import read_floor_audio
from services.cli.commands.running import say
from services.cli.connection import socket_url
from services.cli.microphone import FRAME_SAMPLES, play_as_captured, record
from services.cli.sessions import Sessions
from services.cli.speaker import Speaker
from services.cli.system import running
from services.common.contracts import SAMPLE_RATE
from services.common.languages import language


async def speak(file: Path | None, *, session: str | None, source: str, title: str, loop: bool, keep: bool) -> None:
    """file None: the microphone. session None: a new one. keep: it stays open at the end."""
    system, code = running(), language(source).code
    floor = record() if file is None else play_as_captured(read_floor_audio(file), loop=loop)
    token = await system.sign_in()
    if session is None:
        async with Sessions(system.ingest_url, token) as sessions:
            made = await sessions.create(title or (file.stem if file else "Live talk"), code)
        session = made.session_id
        say(f"session {session}, code {made.code}")
        say(f"listen with: dragoman listen {made.code} --language pt")
    url = socket_url(system.ingest_url, "/speak")
    speaker = Speaker(url, session, token, floor, end=not keep, report=say)
    await speaker.run()
    if speaker.lost_frames:
        lost_s = speaker.lost_frames * FRAME_SAMPLES / SAMPLE_RATE
        say(f"{lost_s:.1f} s of speech were lost while there was no connection")
