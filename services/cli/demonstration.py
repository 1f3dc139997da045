"""What ``dragoman demo`` does: a talk from the first sample to the report, on a stack of its own or one that runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from services.cli import folder, terminal
from services.cli.audio import duration_s
from services.cli.commands.running import say
from services.cli.live import LiveCaptions
from services.cli.measure import measured
from services.cli.references import translated_references
from services.cli.report import Report, report
from services.cli.stack import Stack
from services.cli.system import System, is_running, running, started
from services.cli.talk import Audience, give

SHIPPED = Path(__file__).resolve().parents[2] / "tests" / "data" / "speech" / "en-linda-babylon.flac"
AUDIENCE = (Audience("pt"), Audience("es"), Audience("fr"), Audience("ca", hear=False))
"""Three who hear, and one who only reads."""


async def show(recording: Path, source: str, out: Path, console: Console) -> tuple[Report, Path]:
    """The talk's report, and the folder that it is in."""
    codes = [wish.language for wish in AUDIENCE]
    async with ready_system(console) as system:
        title = f"{recording.stem}, for {len(AUDIENCE)} listeners"
        with LiveCaptions(console, title, duration_s(recording), codes) as live:
            outcome = await give(system, recording, source, AUDIENCE, on_notice=live.notice, report=say)
    talk = measured(outcome, AUDIENCE, await translated_references(recording, source, codes))
    found = report([talk])
    place = folder.new_folder(out)
    folder.write(place, outcome, talk, found)
    terminal.show(console, found)
    console.print(f"\nReport, picture, captions and what was heard: [bold]{place}[/]", highlight=False)
    return found, place


@asynccontextmanager
async def ready_system(console: Console) -> AsyncIterator[System]:
    """The stack that runs already; else one that is started now and stopped afterwards. Raises StackError."""
    system = running()
    if await is_running(system):
        console.print("Using the stack that runs here.")
        yield system
        return
    console.print("Starting Kafka, the AWS endpoint and four services ...")
    async with Stack() as stack:
        yield started(stack)
