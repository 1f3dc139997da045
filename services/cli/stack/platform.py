"""What the services stand on: the broker with its topics, the AWS endpoint with what they need in it."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from services.cli.stack.aws_endpoint import AwsEndpoint
from services.cli.stack.broker import Broker
from services.cli.stack.errors import StackError
from services.cli.stack.ports import Ports
from services.cli.stack.provision import Provisioned, add_speaker, provision, sign_in
from services.cli.stack.together import together
from services.common.home import home
from services.common.kafka import apply_topics
from services.common.kafka.admin import PARTITIONS


class Platform:
    """Starts on entering, stops on leaving. One at a time per data folder."""

    def __init__(
        self,
        *,
        ports: Ports | None = None,
        data: Path | None = None,
        logs: Path | None = None,
        fresh: bool = False,
        partitions: int = PARTITIONS,
        make_broker: Callable[..., Broker] = Broker,
    ) -> None:
        """data, logs: in the state folder unless given. fresh: forget what an earlier run left in ``data``."""
        ports = ports or Ports()
        self.data = data or home() / "data"
        self.logs = logs or home() / "logs"
        self.broker = make_broker(
            jars=home() / "kafka" / "lib",
            data=self.data / "kafka",
            log=self.logs / "kafka.log",
            port=ports.kafka,
            controller_port=ports.kafka_controller,
        )
        self.aws = AwsEndpoint(
            environment=home() / "aws-endpoint",
            data=self.data / "aws",
            log=self.logs / "aws-endpoint.log",
            port=ports.aws,
        )
        self._fresh = fresh
        self._partitions = partitions
        self._provisioned: Provisioned | None = None

    @property
    def provisioned(self) -> Provisioned:
        """What was made at the AWS endpoint. Raises StackError before the start."""
        if self._provisioned is None:
            raise StackError("the platform has not started")
        return self._provisioned

    @property
    def environment(self) -> dict[str, str]:
        """Every variable that the services need for it."""
        return {**self.broker.environment, **self.provisioned.environment}

    async def sign_in(self) -> str:
        """An access token of the demo speaker."""
        return await sign_in(self.provisioned)

    async def another_speaker(self, username: str) -> str:
        """An access token of a speaker of this name (an e-mail address), made if need be."""
        password = await add_speaker(self.aws.root, self.provisioned, username)
        return await sign_in(self.provisioned, username, password)

    async def start(self) -> None:
        """Return once both serve what the services need. Raises StackError."""
        for folder in (self.data, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)  # keys that sign tokens, passwords; sessions' ids
        self._lock = _lock(self.data)
        try:
            if self._fresh:
                for part in ("kafka", "aws"):
                    shutil.rmtree(self.data / part, ignore_errors=True)
            await together(self._start_broker(), self._start_aws())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop both, and let go of the data folder."""
        try:
            await together(self.broker.stop(), self.aws.stop())
        finally:
            self._lock.close()

    async def gave_up(self) -> None:
        """Keep the broker running; raise StackError once the AWS endpoint ends, since users and sessions go with it."""
        await together(self.broker.keep_running(), self._watch_aws())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start_broker(self) -> None:
        await self.broker.start()
        await apply_topics(self.broker.cluster, self._partitions)

    async def _watch_aws(self) -> None:
        raise StackError(await self.aws.ended())

    async def _start_aws(self) -> None:
        await self.aws.start()
        self._provisioned = await provision(self.aws.root, self.data)


def is_running(data: Path) -> bool:
    """Whether a platform runs with this data folder."""
    try:
        _lock(data).close()
    except StackError:
        return True
    return False


def _lock(data: Path) -> TextIO:
    data.mkdir(parents=True, exist_ok=True)
    file = (data / "lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StackError(f"another stack runs with the data in {data}: stop that one first") from None
    return file
