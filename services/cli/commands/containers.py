"""``dragoman provision`` and ``dragoman web``: what ``dragoman up`` does beside services, for docker/compose.yaml."""

import asyncio
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands.running import run, say
from services.cli.errors import CliError, WrongUse
from services.cli.stack.aws_endpoint import Root
from services.cli.stack.ports import HOST
from services.cli.stack.provision import Provisioned
from services.cli.stack.provision import provision as make
from services.cli.stack.web import BUILT, Door, served
from services.common.home import home

_DATA = home() / "data"
_ENVIRONMENT = _DATA / "services.env"
"""For a shell to read: where everything is, and with which key the services may use it."""


def provision() -> None:
    """Make at a local AWS endpoint what the services need. Safe to repeat.

    \b
    AWS_ENDPOINT_URL=http://aws:14566 AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... dragoman provision

    The key is the endpoint's root; the services get one with few rights, in services.env in the state folder.
    """
    run(_provision(os.environ))


def web(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = HOST,
    folder: Annotated[Path, typer.Option(help="The built web apps.")] = BUILT,
) -> None:
    """Serve the web apps beside services that run in containers, until Ctrl-C.

    \b
    dragoman web --host 0.0.0.0 --folder /apps    in a container, once 'dragoman provision' is done
    """
    run(_web(host, folder))


async def _provision(environment: Mapping[str, str]) -> None:
    """Raises WrongUse, StackError."""
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    if missing := [name for name in names if not environment.get(name)]:
        raise WrongUse(f"{', '.join(missing)} must say where the AWS endpoint is, and with which key all is allowed")
    _DATA.mkdir(parents=True, exist_ok=True)
    made = await make(Root(*(environment[name] for name in names)), _DATA)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in made.environment.items()]
    _ENVIRONMENT.touch(mode=0o600)
    _ENVIRONMENT.write_text("".join(lines))
    say(f"speak as {made.demo_speaker}, password {made.demo_password}")


async def _web(host: str, folder: Path) -> None:
    """Runs until cancelled. Raises CliError, StackError."""
    known = Provisioned.load(_DATA)
    if known is None:
        raise CliError(f"nothing is known in {_DATA} of an AWS endpoint: run 'dragoman provision' first")
    door = Door()
    async with served(door.config(known), door.clips, door.ports.web, folder, host):
        say(f"speak at {door.speaker_page}, listen at {door.listener_page}")
        await asyncio.Event().wait()
