"""``dragoman up``: the stack for use, started, shown, and kept until somebody stops it."""

import ipaddress
import logging
import time
from contextlib import AsyncExitStack
from typing import Annotated

import msgspec
import segno
import structlog
import typer

from services.cli.commands.running import run, say
from services.cli.stack import Platform, Stack
from services.cli.stack.forwarder import Forwarder
from services.cli.stack.ports import HOST, addresses_of_machine
from services.cli.stack.status import PATH, Status
from services.cli.stack.web import Door, require_built, served
from services.common.home import home


def up(
    address: Annotated[
        str, typer.Option(help="IPv4 address of this machine: others in its network can then listen.", metavar="IP")
    ] = HOST,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget sessions, records and clips of earlier runs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as one JSON object.")] = False,
) -> None:
    """Run the whole stack on this machine until Ctrl-C.

    \b
    dragoman up                           keeps what earlier runs left
    dragoman up --fresh                   starts empty
    dragoman up --address 192.168.1.20    phones in the same network can listen

    Then open the pages that it names, or in another terminal: dragoman speak talk.wav, dragoman listen CODE
    --language pt, dragoman logs.
    """
    run(_keep_up(Door(_one_address(address)), fresh=fresh, as_json=json))


def _one_address(given: str) -> str:
    """Raises BadParameter for anything that could not stand in a link."""
    try:
        parsed = ipaddress.IPv4Address(given)
    except ValueError:
        raise typer.BadParameter(f"{given!r} is not an IPv4 address", param_hint="--address") from None
    if parsed.is_unspecified:
        raise typer.BadParameter("name one address: it goes into links", param_hint="--address")
    return str(parsed)


async def _keep_up(door: Door, *, fresh: bool, as_json: bool) -> None:
    """Run until cancelled, which stops everything. Raises StackError."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # restarts are news
    require_built()
    began = time.monotonic()
    async with AsyncExitStack() as parts:
        if door.address != HOST:
            for port in (door.ports.web, door.ports.ingest, door.ports.notifier, door.ports.aws):
                await parts.enter_async_context(Forwarder(door.address, port, port))
        say("starting Kafka, the AWS endpoint and four services ...")
        stack = await parts.enter_async_context(Stack(Platform(fresh=fresh), env=door.environment))
        status = Status(stack.instances).routes()
        config = door.config(stack.platform.provisioned)
        await parts.enter_async_context(served(config, door.clips, door.ports.web, more=status))
        say(f"up after {time.monotonic() - began:.1f} s; Ctrl-C stops it")
        if as_json:
            print(msgspec.json.encode(_addresses(stack, door)).decode(), flush=True)
        else:
            _show(stack, door)
        try:
            await stack.failed()
        finally:
            say("stopping ...")


def _show(stack: Stack, door: Door) -> None:
    known = stack.platform.provisioned
    addresses = _addresses(stack, door)
    speaker, listener = addresses.pop("speaker_page"), addresses.pop("listener_page")
    print(f"\n  Speak    {speaker}\n           as {known.demo_speaker}, password {known.demo_password}")
    print(f"  Listen   {listener}")
    print(f"  Status   {addresses.pop('status_page')}\n")
    if door.address == HOST:
        print("  Only this computer can open these, no phone can: for that, dragoman up --address ADDRESS, with one of")
        print(f"  {', '.join(addresses_of_machine()) or 'none: this computer is in no network now'}\n")
    else:
        print("  Speak on this computer: a browser gives its microphone only to pages of the computer itself,")
        print("  or by https.\n")
    segno.make_qr(listener).terminal(compact=True, border=2)
    print()
    for name, value in addresses.items():
        print(f"  {name:<14}{value}")
    print(end="", flush=True)


def _addresses(stack: Stack, door: Door) -> dict[str, str]:
    return {
        "speaker_page": door.speaker_page,
        "listener_page": door.listener_page,
        "status_page": f"http://{HOST}:{door.ports.web}{PATH}",
        "ingest": stack.ingest_url,
        "notifier": stack.notifier_url,
        "transcriber": stack["transcriber"].url,
        "translator": stack["translator"].url,
        "kafka": stack.cluster.bootstrap,
        "aws_endpoint": stack.platform.aws.url,
        "demo_speaker": stack.platform.provisioned.demo_speaker,
        "password_in": str(home() / "data" / "provisioned.json"),
        "logs": str(stack.platform.logs),
    }
