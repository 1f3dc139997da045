"""``dragoman logs``."""

from typing import Annotated

import typer

from services.cli.commands.running import run
from services.cli.logbook import show


def logs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="ingest, translator, kafka ...; all unless given.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they grow, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="From the end of each.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Lines as they are in the files.")] = False,
) -> None:
    """Show the logs of the stack on this machine.

    \b
    dragoman logs -f                   everything, as it happens
    dragoman logs translator -n 100    the translator's last hundred lines
    """
    run(show(names or [], follow=follow, lines=lines, as_json=json))
