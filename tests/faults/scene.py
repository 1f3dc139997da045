"""Where faults happen: the whole system, with a way to each of its doors that can be harmed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from services.cli.clients.connection import socket_url
from services.cli.stack import Platform, Ports, Stack
from tests.faults.recording import Wristwatch
from tests.faults.way import Way


@dataclass
class Scene:
    """Everything that a fault may lay hands on."""

    platform: Platform
    stack: Stack
    to_ingest: Way
    """The speakers' only."""
    to_notifier: Way
    """The listeners'."""
    to_aws: Way
    """The services', and the listeners' to clips."""
    random: Random
    watch: Wristwatch = field(default_factory=Wristwatch)
    """All speakers'."""
    going_on: "asyncio.Task[None] | None" = None
    """What a fault does while it lasts."""

    @property
    def speak_url(self) -> str:
        return socket_url(f"http://127.0.0.1:{self.to_ingest.port}", "/speak")

    @property
    def listen_url(self) -> str:
        return socket_url(f"http://127.0.0.1:{self.to_notifier.port}", "/listen")


@asynccontextmanager
async def scene(platform: Platform, random: Random, instances: Mapping[str, int]) -> AsyncIterator[Scene]:
    """Four services on this platform, started for one run and stopped after it."""
    ports = Ports.free()
    async with AsyncExitStack() as opened:
        to_aws = await opened.enter_async_context(Way(platform.aws.port))
        environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{to_aws.port}"}
        stack = await opened.enter_async_context(
            Stack(platform, running=True, ports=ports, instances=instances, env=environment)
        )
        yield Scene(
            platform=platform,
            stack=stack,
            to_ingest=await opened.enter_async_context(Way(ports.ingest)),
            to_notifier=await opened.enter_async_context(Way(ports.notifier)),
            to_aws=to_aws,
            random=random,
        )
