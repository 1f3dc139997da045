"""``dragoman sessions``."""

from typing import Annotated

import typer

from services.cli import own_sessions
from services.cli.commands.running import run


def sessions(
    end: Annotated[str | None, typer.Option(metavar="ID", help="End this one for everybody.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List your sessions, newest first, or end one.

    \b
    dragoman sessions
    dragoman sessions --json
    dragoman sessions --end ID
    """
    run(own_sessions.show(end=end, as_json=json))
