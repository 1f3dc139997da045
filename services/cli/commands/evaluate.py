"""``dragoman evaluate``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from services.cli import evaluation
from services.cli.commands.running import run


def evaluate(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="A folder, or one recording.", exists=True)],
    languages: Annotated[str, typer.Option(help="Listeners' languages.")] = "pt,es",
    source: Annotated[str | None, typer.Option(help="Spoken language; else the name's prefix: en-talk.flac.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Play each in a loop for so long.")] = None,
    out: Annotated[Path, typer.Option(help="Where the reports go.")] = Path("out"),
    json: Annotated[bool, typer.Option("--json", help="Print the list of reports as JSON.")] = False,
) -> None:
    """Measure lag, quality and use of the machine on your own recordings, at real pace.

    Takes every NAME.flac or NAME.wav with its transcript NAME.txt; a person's translation in NAME.LANG.txt is
    compared too. Lag is measured on the times of the words that the system itself recognized.

    \b
    dragoman evaluate tests/data/speech
    dragoman evaluate talks/en-keynote.flac --languages pt,es,fr
    dragoman evaluate talks --source en --json
    dragoman evaluate tests/data/speech/en-linda-babylon.flac --minutes 30
    """
    done = run(
        evaluation.evaluate(
            place,
            source=source,
            languages=[code.strip() for code in languages.split(",")],
            minutes=minutes,
            out=out,
            console=Console(stderr=json),
        )
    )
    if json:
        print(msgspec.json.encode([one.report for one in done]).decode())
