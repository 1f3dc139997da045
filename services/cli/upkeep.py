"""The stack for use: started, shown, and kept until somebody stops it."""

import logging
import time

import msgspec
import structlog

from services.cli.commands.running import say
from services.cli.stack import Platform, Stack
from services.common.home import home


async def keep_up(*, fresh: bool, as_json: bool) -> None:
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
