"""``dragoman logs``: JSON lines made readable, all files in one stream."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.cli.commands.running import run
from services.cli.stack.errors import StackError
from services.common.home import home

_POLL_S = 0.2
_TAIL_BYTES = 1_000_000
_SHOWN_APART = ("timestamp", "level", "event", "service", "instance", "logger", "exception")
_COLOURS = {"warning": "\033[33m", "error": "\033[31m", "critical": "\033[31m"}


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
    run(_show(names or [], follow=follow, lines=lines, as_json=json))


async def _show(names: list[str], *, follow: bool, lines: int, as_json: bool) -> None:
    """Print the end of each log and, if asked, what is added. Raises StackError if there is no such log."""
    folder = home() / "logs"
    there = {path.stem: path for path in sorted(folder.glob("*.log")) if not path.stem.endswith(".old")}
    unknown = [name for name in names if name not in there]
    if not there:
        raise StackError(f"no logs yet in {folder}: start the stack with 'dragoman up'")
    if unknown:
        raise StackError(f"no log of {', '.join(unknown)}; there are {', '.join(there)}")
    chosen = {name: path for name, path in there.items() if name in names or not names}
    width = max(map(len, chosen))
    colour = sys.stdout.isatty()
    ends = {name: path.stat().st_size for name, path in chosen.items()}
    for name, path in chosen.items():
        for line in _last_lines(path, lines):
            print(line if as_json else readable(name.ljust(width), line, colour=colour))
    while follow:
        for name, path in chosen.items():
            added, ends[name] = _added(path, ends[name])
            for line in added:
                print(line if as_json else readable(name.ljust(width), line, colour=colour), flush=True)
        await asyncio.sleep(_POLL_S)


def readable(name: str, line: str, *, colour: bool) -> str:
    """One log line for a person: time, whose, level if it matters, event, the rest as key=value; the trace below."""
    try:
        entry = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError:
        return f"{name}  {_shown(line)}"
    level = str(entry.get("level", "info"))
    at = str(entry.get("timestamp", ""))[11:19] or " " * 8
    event = f"{entry.get('event', '')}{_rest(entry)}"
    text = _shown(f"{at}  {name}  {'' if level in ('info', 'debug') else level + ': '}{event}")
    if "exception" in entry:
        text += "\n" + "\n".join(_shown(line) for line in str(entry["exception"]).split("\n"))
    return f"{_COLOURS[level]}{text}\033[0m" if colour and level in _COLOURS else text


def _shown(text: str) -> str:
    """What strangers had logged can't steer the terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _rest(entry: Mapping[str, object]) -> str:
    return "".join(f" {key}={value}" for key, value in entry.items() if key not in _SHOWN_APART)


def _last_lines(path: Path, count: int) -> list[str]:
    if not count:
        return []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-count:]


def _added(path: Path, seen: int) -> tuple[list[str], int]:
    """Whole lines after byte ``seen``, and how far that is; a file that was set aside is read from its start."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(seen if size >= seen else (seen := 0))
            whole, newline, _ = file.read().rpartition(b"\n")
    except FileNotFoundError:
        return [], 0
    return whole.decode(errors="replace").splitlines(), seen + len(whole) + len(newline)
