"""The broker dies, stays away, stands still, is slow, refuses; one of three goes."""

import asyncio
import signal
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from services.common import topics
from tests.faults.cluster import ThreeBrokers
from tests.faults.faults.fault import RECOGNIZED_S, Fault, left_out
from tests.faults.scene import Harmless, Scene

_AGAIN_S = 60.0


@dataclass(frozen=True)
class OfBrokers(Fault):
    """One after which everything that was said meanwhile is read, recognized and told, at twice its pace at least."""

    @property
    def normal_within_s(self) -> float | None:
        return RECOGNIZED_S + self.lasts_s / 2

    @property
    def speech_normal_within_s(self) -> float | None:
        """It is all heard again too, where not so much waits that it is shed, at most a third faster."""
        return self.normal_within_s and self.normal_within_s + self.settles_s

    @property
    def settles_s(self) -> float:
        return self.lasts_s


@dataclass(frozen=True)
class Gone(OfBrokers):
    """kill -9, and started again."""

    takes_s = 13.0

    @property
    def most_told(self) -> int:
        return left_out(self.lasts_s + self.takes_s)

    @property
    def name(self) -> str:
        return f"broker: kill -9, back after {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        process = scene.platform.broker.process
        process.kill_group()
        await scene.see(lambda: process.exit_code is not None, "the broker ended")

    async def heal(self, scene: Scene) -> None:
        await scene.platform.broker.start()


@dataclass(frozen=True)
class Frozen(OfBrokers):
    """SIGSTOP: connections stay, nothing is answered."""

    lasts_s: float = 8.0

    @property
    def name(self) -> str:
        return f"broker: stopped for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.platform.broker.process.send(signal.SIGSTOP)
        scene.seen += not await _takes_records(scene, within_s=1.0)

    async def heal(self, scene: Scene) -> None:
        scene.platform.broker.process.send(signal.SIGCONT)


@dataclass(frozen=True)
class Slow(OfBrokers):
    """It stands still most of the time."""

    lasts_s: float = 15.0
    still_s: float = 0.8
    runs_s: float = 0.2

    @property
    def name(self) -> str:
        return f"broker: runs {self.runs_s:g} of each {self.still_s + self.runs_s:g} s, for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.going_on = asyncio.create_task(self._stutter(scene))

    async def heal(self, scene: Scene) -> None:
        if scene.going_on is not None:
            await scene.going_on

    async def _stutter(self, scene: Scene) -> None:
        process, clock = scene.platform.broker.process, asyncio.get_running_loop().time
        until = clock() + self.lasts_s
        try:
            while clock() < until:
                process.send(signal.SIGSTOP)
                scene.seen += 1
                await asyncio.sleep(self.still_s)
                process.send(signal.SIGCONT)
                await asyncio.sleep(self.runs_s)
        finally:
            process.send(signal.SIGCONT)


async def _set_least_replicas(scene: Scene, count: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=scene.platform.broker.bootstrap)
    await admin.start()
    try:
        await admin.alter_configs(
            [
                ConfigResource(
                    ConfigResourceType.TOPIC,
                    topic.name,
                    configs={**topic.config, "compression.type": "uncompressed", "min.insync.replicas": count},
                )
                for topic in topics.ALL
            ]
        )
    finally:
        await admin.close()


async def _takes_records(scene: Scene, within_s: float) -> bool:
    """Whether it does, of a session that nobody knows."""
    producer = AIOKafkaProducer(
        bootstrap_servers=scene.platform.broker.bootstrap, acks="all", request_timeout_ms=int(within_s * 1000)
    )
    try:
        async with asyncio.timeout(within_s):
            await producer.start()
            await producer.send_and_wait(topics.AUDIENCE.name, value=None, key=b"nobody|xx|0")
    except (TimeoutError, KafkaError):
        return False
    finally:
        await producer.stop()
    return True


@dataclass(frozen=True)
class OneOfThreeGone(OfBrokers):
    """kill -9 of one, which comes back: the others have all that was written."""

    takes_s = 8.0

    lasts_s: float = 15.0

    @property
    def name(self) -> str:
        return f"three brokers: kill -9 of one, back after {self.lasts_s:g} s"

    @property
    def ground(self) -> str:
        return "three brokers"

    async def inject(self, scene: Scene) -> None:
        node = scene.random.choice(_nodes(scene).nodes)
        process = node.process
        process.kill_group()
        await scene.see(lambda: process.exit_code is not None, "it ended")

    async def heal(self, scene: Scene) -> None:
        for node in _nodes(scene).nodes:
            if node.process.exit_code is not None:
                await node.start()
        await _in_sync(scene)


@dataclass(frozen=True)
class Refuses(OneOfThreeGone):
    """One is gone, and each record is to be on three: none is taken. (Of one broker, Kafka never asks for two.)"""

    @property
    def name(self) -> str:
        return f"three brokers: take no record for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        await _set_least_replicas(scene, "3")
        await super().inject(scene)
        if await _takes_records(scene, within_s=2.0):
            raise Harmless("the brokers still take records")
        scene.seen += 1

    async def heal(self, scene: Scene) -> None:
        await super().heal(scene)
        await _set_least_replicas(scene, "2")


@dataclass(frozen=True)
class Rolled(OfBrokers):
    """All three are restarted, each once all have everything, as a new version is brought in."""

    takes_s = 30.0

    @property
    def name(self) -> str:
        return "three brokers: rolling restart"

    @property
    def ground(self) -> str:
        return "three brokers"

    async def inject(self, scene: Scene) -> None:
        for node in _nodes(scene).nodes:
            await node.stop()
            scene.seen += 1
            await node.start()
            await _in_sync(scene)


def _nodes(scene: Scene) -> ThreeBrokers:
    brokers = scene.platform.broker
    if not isinstance(brokers, ThreeBrokers):
        raise Harmless("there are no three brokers")
    return brokers


async def _in_sync(scene: Scene) -> None:
    async with asyncio.timeout(_AGAIN_S):
        while await _nodes(scene).in_sync() < len(_nodes(scene).nodes):  # noqa: ASYNC110 (the brokers' word is all)
            await asyncio.sleep(0.2)


ALL: tuple[Fault, ...] = (
    Gone(),
    Gone(lasts_s=60.0),
    Frozen(),
    Slow(),
    OneOfThreeGone(),
    Refuses(),
    Rolled(),
)
