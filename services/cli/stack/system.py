"""Where the services are that a command talks to: a stack that it started itself, or one that runs already."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import psutil

from services.cli.errors import CliError
from services.cli.stack import SERVICES, Ports, Provisioned, Stack, StackError, sign_in
from services.common.home import home
from services.common.kafka import Cluster
from services.common.settings import Settings, load

_LOCAL = Ports()


class ClientSettings(Settings, frozen=True, kw_only=True):
    """What the clients need to know; by default a stack on this machine."""

    ingest_url: str = f"http://127.0.0.1:{_LOCAL.ingest}"
    notifier_url: str = f"http://127.0.0.1:{_LOCAL.notifier}"
    token: str = ""
    """A speaker's access token; empty: sign in as the local stack's demo speaker."""


class NotSignedIn(CliError):
    """No token, and no local stack to get one from."""


@dataclass(frozen=True)
class System:
    """Addresses, a way to sign in, and the processes to watch where they are on this machine."""

    ingest_url: str
    notifier_url: str
    cluster: Cluster
    sign_in: Callable[[], Awaitable[str]]
    """A speaker's access token. Raises NotSignedIn, StackError."""
    pids: Callable[[], Mapping[str, int]]
    """Process of each service, of those that can be seen."""


def started(stack: Stack) -> System:
    """A stack of our own."""

    def pids() -> dict[str, int]:
        found = {one.service: one.pid for one in stack.instances if one.number == 1 and one.pid is not None}
        for name, server in (("kafka", stack.platform.broker), ("aws-endpoint", stack.platform.aws)):
            with contextlib.suppress(StackError):  # it is down
                found[name] = server.process.pid
        return found

    return System(stack.ingest_url, stack.notifier_url, stack.cluster, stack.platform.sign_in, pids)


def running() -> System:
    """The stack that the settings name. Raises SettingsError."""
    settings = load(ClientSettings)

    async def token() -> str:
        if settings.token:
            return settings.token
        provisioned = Provisioned.load(home() / "data")
        if provisioned is None:
            raise NotSignedIn("no local stack has run here yet: start one with 'dragoman up', or set DRAGOMAN_TOKEN")
        return await sign_in(provisioned)

    return System(settings.ingest_url, settings.notifier_url, Cluster.of(settings), token, _listening)


@asynccontextmanager
async def ready_system(say: Callable[[str], object]) -> AsyncIterator[System]:
    """The stack that runs already; else one that is started now, watched, and stopped afterwards. Raises StackError."""
    system = running()
    if await is_running(system):
        say("Using the stack that runs here.")
        yield system
        return
    say("Starting Kafka, the AWS endpoint and four services ...")
    async with Stack() as stack, stack.watched():
        yield started(stack)


async def is_running(system: System) -> bool:
    """Whether both front doors are open."""
    try:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as http:
            return all(
                [(await http.get(f"{url}/readyz")).is_success for url in (system.ingest_url, system.notifier_url)]
            )
    except httpx.TransportError:
        return False


def _listening() -> dict[str, int]:
    """The local stack's processes, by their ports."""
    names = {getattr(_LOCAL, service): service for service in SERVICES}
    names |= {_LOCAL.kafka: "kafka", _LOCAL.aws: "aws-endpoint"}
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return {}
    processes: dict[str, int] = {}
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.pid:
            name = names.get(connection.laddr[1])
            if name:
                processes[name] = connection.pid
    return processes
