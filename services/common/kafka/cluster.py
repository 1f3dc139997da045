"""What every Kafka client here shares: the cluster and how to sign in to it, waiting for it, what was received."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.partitioner import murmur2

from services.common.errors import Fatal
from services.common.kafka.sign_in import MECHANISM, Tokens
from services.common.settings import Settings
from services.common.topics import Headers, R

log = structlog.get_logger(__name__)

_WAIT_S = 1.0
_CONNECT_S = 10.0
_FORBIDDEN = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)


class KafkaUnavailable(Fatal):
    """Kafka did not take or give something within the limit, or lacks a topic. The message says what to do.

    Who can't tell a client to try again ends the process: waiting at a start is safe, one that stands still is not.
    """


@dataclass(frozen=True)
class Received(Generic[R]):
    """A record, where it lay, and when this process read it (wall clock, Unix ms)."""

    record: R
    topic: str
    partition: int
    offset: int
    read_at_ms: float
    headers: Headers = ()
    key: bytes | None = None
    value: bytes = b""
    """As it was read."""


@dataclass(frozen=True)
class Cluster:
    """Where Kafka is, and how clients get in."""

    bootstrap: str
    """Comma-separated ``host:port`` of brokers."""
    tokens: Tokens | None = None
    """What clients sign in with, over TLS; None: anybody may connect, without TLS."""

    @classmethod
    def of(cls, settings: Settings) -> "Cluster":
        """The one that the settings name. Raises SettingsError where signing in lacks something."""
        match settings.kafka_sign_in:
            case "none":
                return cls(settings.kafka_bootstrap)
            case "iam":
                from services.common.kafka.iam import IamTokens  # loads AWS's libraries

                return cls(settings.kafka_bootstrap, IamTokens.of_this_task())

    @property
    def arguments(self) -> dict[str, Any]:
        """Of every client's constructor. TLS trusts what the system trusts."""
        plain = {"bootstrap_servers": self.bootstrap}
        if self.tokens is None:
            return plain
        return {
            **plain,
            "security_protocol": "SASL_SSL",
            "ssl_context": ssl.create_default_context(),
            "sasl_mechanism": MECHANISM,
            "sasl_oauth_token_provider": self.tokens,
        }


C = TypeVar("C", AIOKafkaAdminClient, AIOKafkaConsumer, AIOKafkaProducer)
T = TypeVar("T")


async def connect(cluster: Cluster, make: Callable[..., C], *topics: str, **options: object) -> C:
    """Start a client, waiting for the broker as long as it takes and saying so.

    Raises KafkaUnavailable where we can't sign in, or may not use what we need.
    """
    waiting = False
    while True:
        client = make(*topics, **cluster.arguments, **options)
        try:
            await asyncio.wait_for(client.start(), _CONNECT_S)
        except _FORBIDDEN as fault:
            await stop(client)
            raise KafkaUnavailable(
                f"Kafka at {cluster.bootstrap} forbids it: {fault}; see that the task's role grants it"
            ) from fault
        except (KafkaError, OSError, TimeoutError) as fault:
            await stop(client)
            if cluster.tokens is not None and (failed := cluster.tokens.failed):
                raise KafkaUnavailable(f"can't sign in to Kafka at {cluster.bootstrap}: {failed.args[0]}") from fault
            if not waiting:
                log.warning("broker_awaited", bootstrap=cluster.bootstrap, reason=str(fault) or type(fault).__name__)
                waiting = True
            await asyncio.sleep(_WAIT_S)
        except BaseException:
            await stop(client)
            raise
        else:
            if waiting:
                log.info("broker_reached", bootstrap=cluster.bootstrap)
            return client


async def stop(client: AIOKafkaAdminClient | AIOKafkaConsumer | AIOKafkaProducer, limit_s: float = 5.0) -> None:
    """Stop a client within a limit; what it was doing is Kafka's to time out.

    In a task of its own: without a broker the client lets the cancellation of its own tasks out, which would pass for
    ours, hide the fault that led here, and end a task as if nothing had happened.
    """
    closing = asyncio.ensure_future(client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
    try:
        await asyncio.wait((closing,), timeout=limit_s)
    finally:
        closing.cancel()
    await asyncio.wait((closing,), timeout=1.0)
    if not closing.done() or closing.cancelled():
        log.warning("kafka_client_not_stopped", reason="it did not end by itself")
    elif isinstance(fault := closing.exception(), (KafkaError, OSError)):
        log.warning("kafka_client_not_stopped", reason=str(fault) or type(fault).__name__)
    elif fault is not None:
        raise fault


async def wait_for_broker(cluster: Cluster, limit_s: float) -> None:
    """Return once the broker answers. Raises KafkaUnavailable after the limit, or where it doesn't let us in."""
    try:
        async with asyncio.timeout(limit_s):
            await stop(await connect(cluster, AIOKafkaAdminClient))
    except TimeoutError:
        raise KafkaUnavailable(f"no Kafka broker answers at {cluster.bootstrap} after {limit_s:g} s") from None


async def within(limit_s: float, what: str, work: Awaitable[T]) -> T:
    """Await Kafka's answer within a limit. Raises KafkaUnavailable naming what was tried."""
    try:
        async with asyncio.timeout(limit_s):
            return await work
    except TimeoutError:  # an OSError too
        raise KafkaUnavailable(f"{what}: no answer from Kafka within {limit_s:g} s") from None
    except (KafkaError, OSError) as fault:
        raise KafkaUnavailable(f"{what}: {fault}") from fault


def partition_of(session_id: str, partitions: int) -> int:
    """The partition of a session, of any topic: as Kafka's own default partitioner has it."""
    hashed: int = murmur2(session_id.encode())
    return (hashed & 0x7FFFFFFF) % partitions
