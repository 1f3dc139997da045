"""``dragoman demo``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from services.cli.commands.running import FAILED, run, say
from services.cli.demonstration import SHIPPED, show


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
    report, _ = run(show(recording, source, out, Console(stderr=json)))
    if json:
        print(msgspec.json.encode(report).decode())
    if all(language.heard_lag_ms.p50 is None for language in report.languages.values()):
        say("nothing was heard: see 'dragoman logs'")
        raise typer.Exit(FAILED)
