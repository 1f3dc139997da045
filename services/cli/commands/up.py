"""``dragoman up``: the stack for use, started, shown, and kept until somebody stops it."""

import logging
import time
from typing import Annotated

import msgspec
import structlog
import typer

from services.cli.commands.running import run, say
from services.cli.stack import Platform, Stack
from services.common.home import home


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
    run(_keep_up(fresh=fresh, as_json=json))


async def _keep_up(*, fresh: bool, as_json: bool) -> None:
    """Run until cancelled, which stops everything. Raises StackError."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # restarts are news
    say("starting Kafka, the AWS endpoint and four services ...")
    began = time.monotonic()
    async with Stack(Platform(fresh=fresh)) as stack:
        say(f"up after {time.monotonic() - began:.1f} s; Ctrl-C stops it")
        addresses = _addresses(stack)
        if as_json:
            print(msgspec.json.encode(addresses).decode(), flush=True)
        else:
            for name, value in addresses.items():
                print(f"  {name:<14}{value}", flush=True)
        try:
            await stack.failed()
        finally:
            say("stopping ...")


def _addresses(stack: Stack) -> dict[str, str]:
    return {
        "ingest": stack.ingest_url,
        "notifier": stack.notifier_url,
        "transcriber": stack["transcriber"].url,
        "translator": stack["translator"].url,
        "kafka": stack.bootstrap,
        "aws_endpoint": stack.platform.aws.url,
        "demo_speaker": stack.platform.provisioned.demo_speaker,
        "password_in": str(home() / "data" / "provisioned.json"),
        "logs": str(stack.platform.logs),
    }
