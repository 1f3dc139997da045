"""``dragoman load``: how many listeners a notifier carries, and how soon they are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import typer
from rich.console import Console

from services.cli.clients.connection import socket_url
from services.cli.commands.demo import SHIPPED
from services.cli.commands.running import run
from services.cli.errors import WrongUse
from services.cli.evaluation.load import LoadReport, Plan, Target, load_report
from services.cli.evaluation.talk import going_on
from services.cli.presentation import folder, load_figures
from services.cli.stack.system import ready_system, running
from services.common.languages import language

_SPOKEN = "en"


def load(
    session: Annotated[
        str | None, typer.Argument(help="Id or code of a talk that goes on; without it one is played here.")
    ] = None,
    listeners: Annotated[str, typer.Option(help="How many, level by level.")] = "100,500,2000",
    languages: Annotated[str, typer.Option(help="Listeners' languages, in turn.")] = "pt",
    join: Annotated[float, typer.Option(min=0.1, help="Listeners that come in a second.")] = 200.0,
    hold: Annotated[float, typer.Option(min=1.0, help="Seconds that each level is measured.")] = 20.0,
    fetch: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of the listeners who fetch clips.")] = 0.01,
    notifier: Annotated[
        str | None, typer.Option(metavar="URL", help="The notifier's address; else DRAGOMAN_NOTIFIER_URL.")
    ] = None,
    talk: Annotated[
        Path, typer.Option(metavar="FILE", help="What is played, in English, if no talk is given.", exists=True)
    ] = SHIPPED,
    out: Annotated[Path, typer.Option(help="Where the report's folder is made.")] = Path("out"),
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Let more and more listeners join a talk, and measure when each notice reaches each of them.

    With a session: at the system that the settings, or --notifier, name; nothing is started. Without: a recording is
    played in a loop through the stack that runs here, or else one that is started and stopped at the end.

    \b
    dragoman load
    dragoman load K7F2QXA --listeners 50,200,500 --languages pt,es --hold 60
    dragoman load K7F2QXA --notifier https://listen.example.org --join 20
    """
    plan = Plan(
        levels=_levels(listeners),
        languages=[language(code.strip()).code for code in languages.split(",")],
        join_per_s=join,
        hold_s=hold,
        fetch_share=fetch,
    )
    console = Console(stderr=json)
    found = run(_load(session, plan, notifier=notifier, talk=talk, out=out, console=console))
    if json:
        print(msgspec.json.encode(found).decode())


async def _load(
    session: str | None, plan: Plan, *, notifier: str | None, talk: Path, out: Path, console: Console
) -> LoadReport:
    async with _target(session, notifier, talk, console) as target:
        found = await load_report(target, plan, console.print)
    place = folder.new_folder(out)
    folder.write_json(place / "load.json", found)
    title = f"Announcement delay, {plan.hold_s:.0f} s at each level"
    curves = {"notifier": load_figures.points(found.levels)}
    (place / "load.svg").write_text(load_figures.picture(curves, title, found.machine), "utf-8")
    console.print(load_figures.table(found.levels))
    console.print(f"\nReport and picture: [bold]{place}[/]", highlight=False)
    return found


@asynccontextmanager
async def _target(session: str | None, notifier: str | None, talk: Path, console: Console) -> AsyncIterator[Target]:
    if session is not None:
        system = running()
        yield Target(_socket(notifier or system.notifier_url), session, system.pids if notifier is None else dict)
        return
    if notifier is not None:
        raise WrongUse("--notifier needs the session of a talk that goes on there")
    async with ready_system(console.print) as system, going_on(system, talk, _SPOKEN, console.print) as session_id:
        yield Target(_socket(system.notifier_url), session_id, system.pids)


def _socket(base: str) -> str:
    """The listeners' socket at this address. Raises WrongUse."""
    url = httpx.URL(base)
    if url.scheme not in ("http", "https") or not url.host:
        raise WrongUse(f"{base}: give the notifier's address, as https://HOST")
    if url.userinfo or url.query:
        raise WrongUse("the notifier's address takes no password, and no query: listeners are anonymous")
    return socket_url(base, "/listen")


def _levels(listeners: str) -> list[int]:
    try:
        levels = [int(level) for level in listeners.split(",")]
    except ValueError:
        levels = []
    if not levels or levels != sorted(set(levels)) or levels[0] < 1:
        raise typer.BadParameter("give numbers that rise, as in 100,500,2000", param_hint="--listeners")
    return levels
