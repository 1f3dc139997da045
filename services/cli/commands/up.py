"""``dragoman up``."""

from typing import Annotated

import typer

from services.cli.commands.running import run
from services.cli.upkeep import keep_up


def up(
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget sessions, records and clips of earlier runs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as one JSON object.")] = False,
) -> None:
    """Run the whole stack on this machine until Ctrl-C.

    \b
    dragoman up            keeps what earlier runs left
    dragoman up --fresh    starts empty

    Then, in another terminal: dragoman speak talk.wav, dragoman listen CODE --language pt, dragoman logs.
    """
    run(keep_up(fresh=fresh, as_json=json))
