"""``dragoman demo``: a talk from the first sample to the report, on a stack of its own or one that runs."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from services.cli.clients.audio import duration_s
from services.cli.commands.running import FAILED, run, say
from services.cli.evaluation.measure import measured
from services.cli.evaluation.references import translated_references
from services.cli.evaluation.report import Report, report
from services.cli.evaluation.talk import Audience, give
from services.cli.presentation import folder, terminal
from services.cli.presentation.live import LiveCaptions
from services.cli.stack.system import ready_system

SHIPPED = Path(__file__).resolve().parents[3] / "tests" / "data" / "speech" / "en-linda-babylon.flac"
AUDIENCE = (Audience("pt"), Audience("es"), Audience("fr"), Audience("ca", hear=False))
"""Three who hear, and one who only reads."""


def demo(
    recording: Annotated[
        Path,
        typer.Argument(metavar="[FILE]", help="FLAC or WAV; a shipped one unless given.", exists=True, dir_okay=False),
    ] = SHIPPED,
    source: Annotated[str, typer.Option(help="Spoken language.")] = "en",
    out: Annotated[Path, typer.Option(help="Where the talk's folder is made.")] = Path("out"),
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Play a recorded talk to four listeners at real pace: captions live, then the report.

    Uses the stack that runs here; else starts one and stops it at the end.

    \b
    dragoman demo
    dragoman demo talk.flac --out /tmp/talks
    """
    report, _ = run(_show(recording, source, out, Console(stderr=json)))
    if json:
        print(msgspec.json.encode(report).decode())
    if all(language.heard_lag_ms.p50 is None for language in report.languages.values()):
        say("nothing was heard: see 'dragoman logs'")
        raise typer.Exit(FAILED)


async def _show(recording: Path, source: str, out: Path, console: Console) -> tuple[Report, Path]:
    """The talk's report, and the folder that it is in."""
    codes = [wish.language for wish in AUDIENCE]
    async with ready_system(console.print) as system:
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
