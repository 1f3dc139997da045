"""A real Apache Kafka broker on one machine: KRaft mode, from its published jars, no container."""

import asyncio
import contextlib
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

import structlog

from services.cli.stack.errors import StackError
from services.cli.stack.ports import HOST, require_free
from services.cli.stack.process import base_environment
from services.cli.stack.server import Server
from services.common.kafka import Cluster, KafkaUnavailable, wait_for_broker

START_LIMIT_S = 60.0
STOP_LIMIT_S = 10.0
_RESTART_S = 5.0

log = structlog.get_logger(__name__)

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={log_dir}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
# One broker, so one replica; few partitions of Kafka's own topics, so that their first use is quick.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Sized for a laptop.
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""

_JAVA = (
    "java",
    "-Xmx512m",
    "-Xms128m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:CompileThresholdScaling=0.02",  # warm after seconds, not minutes, of one talk's light traffic
    "-Xshare:auto",
)
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)


class Broker(Server):
    """A broker with its data in a folder; the folder may hold what an earlier run left."""

    java_options: tuple[str, ...] = ()
    cluster_id = ""
    """Of a new folder; empty: a random one."""

    def __init__(self, *, jars: Path, data: Path, log: Path, port: int, controller_port: int) -> None:
        super().__init__("kafka", port=port, log=log, stop_limit_s=STOP_LIMIT_S)
        self._jars = jars
        self._data = data
        self._controller_port = controller_port

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def cluster(self) -> Cluster:
        """For clients in this process."""
        return Cluster(self.bootstrap)

    @property
    def environment(self) -> dict[str, str]:
        """For clients in processes of their own."""
        return {"DRAGOMAN_KAFKA_BOOTSTRAP": self.bootstrap}

    async def start(self) -> None:
        """Return once it serves. Raises StackError that says what is missing or what the broker said."""
        if not self._jars.is_dir() or shutil.which("java") is None:
            raise StackError("Kafka's jars or Java are missing: run 'make setup'")
        require_free(self.port, "the Kafka broker")
        require_free(self._controller_port, "the Kafka controller")
        properties = await asyncio.to_thread(self._configure)
        await self._run(
            [*_JAVA, *_LOGGING, *self.java_options, "-cp", f"{self._jars}/*", "kafka.Kafka", str(properties)],
            base_environment(),
            START_LIMIT_S,
            lambda: wait_for_broker(self.cluster, START_LIMIT_S),
        )

    async def keep_running(self) -> None:
        """Start it again whenever it ends, for ever: on a disk that is full it does so until there is space."""
        while True:
            how, free_mb = await self.ended(), shutil.disk_usage(self._data).free // 1_000_000
            log.warning("broker_ended", reason=how, disk_free_mb=free_mb, restart_in_s=_RESTART_S)
            await asyncio.sleep(_RESTART_S)
            with contextlib.suppress(StackError, KafkaUnavailable, OSError):  # then it has ended again
                await self.start()

    def _settings(self) -> str:
        return _PROPERTIES.format(
            host=HOST, port=self.port, controller_port=self._controller_port, log_dir=self._data / "log"
        )

    def _configure(self) -> Path:
        """Write the settings, and format the folder if it is new."""
        self._data.mkdir(parents=True, exist_ok=True)
        log_dir = self._data / "log"
        properties = self._data / "server.properties"
        properties.write_text(self._settings())
        if not (log_dir / "meta.properties").exists():
            cluster_id = self.cluster_id or urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            format_tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(properties)]
            done = subprocess.run(
                [*_JAVA, *_LOGGING, "-cp", f"{self._jars}/*", *format_tool], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise StackError(f"Kafka's storage could not be formatted: {(done.stderr or done.stdout).strip()}")
        return properties
