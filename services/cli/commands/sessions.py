"""``dragoman sessions``: own sessions."""

from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from services.cli.commands.running import run
from services.cli.sessions import OwnSession, Sessions
from services.cli.system import running


def sessions(
    end: Annotated[str | None, typer.Option(metavar="ID", help="End this one for everybody.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List your sessions, newest first, or end one.

    Examples:

      dragoman sessions

      dragoman sessions --json

      dragoman sessions --end 3q2-7Hk...
    """
    own = run(_sessions(end))
    if as_json:
        print(msgspec.json.encode(own).decode())
    elif end is None:
        _print(own)


async def _sessions(end: str | None) -> list[OwnSession]:
    system = running()
    async with Sessions(system.ingest_url, await system.sign_in()) as client:
        if end is not None:
            await client.end(end)
        return await client.own()


def _print(own: list[OwnSession]) -> None:
    table = Table("title", "state", "code", "language", "since", "id", box=None, header_style="bold")
    for one in own:
        since = datetime.fromtimestamp(one.created_at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(one.title, one.state.value, one.code, one.source_language, since, one.session_id)
    Console().print(table if own else "You have no sessions.")
