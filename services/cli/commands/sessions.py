"""``dragoman sessions``."""

from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.clients.sessions import OwnSession, Sessions
from services.cli.commands.running import run
from services.cli.stack.system import running


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
    run(_show(end=end, as_json=json))


async def _show(*, end: str | None, as_json: bool) -> None:
    """End a session if asked to; print those that are left."""
    system = running()
    async with Sessions(system.ingest_url, await system.sign_in()) as client:
        if end is not None:
            await client.end(end)
        own = await client.own()
    if as_json:
        print(msgspec.json.encode(own).decode())
    else:
        Console().print(table_of(own) if own else "You have no sessions.")


def table_of(own: list[OwnSession]) -> Table:
    """The sessions for people. Titles are shown as they are, whatever brackets they have."""
    table = Table("title", "state", "code", "language", "since", "id", box=None, header_style="bold")
    for one in own:
        since = datetime.fromtimestamp(one.created_at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(Text(one.title), one.state.value, one.code, one.source_language, since, one.session_id)
    return table
