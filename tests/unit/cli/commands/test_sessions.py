"""What ``dragoman sessions`` shows."""

from rich.console import Console

from services.cli.clients.sessions import OwnSession
from services.cli.commands.sessions import table_of
from services.common.contracts import State


def test_a_title_is_shown_as_it_is_though_it_looks_like_markup() -> None:
    session = OwnSession(
        session_id="s", title="[/] [bold]Ask me", state=State.LIVE, source_language="en", code="c", created_at_ms=0.0
    )
    console = Console(width=200)
    with console.capture() as shown:
        console.print(table_of([session]))
    assert "[/] [bold]Ask me" in shown.get()
