"""``python -m tests.faults.moment SERVICE``: the service, which sends itself a signal at the moment that it is told.

From outside such moments are missed: a drain takes 0.1 to 0.3 s, a partition is fenced 20 ms before it is taken, and
between the records of a transaction and its end are a few milliseconds.
"""

import os
import runpy
import signal
import sys
import threading
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any
from weakref import WeakSet

import structlog
from aiokafka import AIOKafkaProducer

from services.common import telemetry
from services.common.settings import Settings
from tests.faults.engines import Orders

MOMENT = "FAULTS_MOMENT"
"""Environment variable: the file with the order."""
FENCED, TAKEN, STOPPING = "partition_fenced", "partition_taken", "service_stopping"
"""What a service logs of its takeovers and of its end, in ``processing.py`` and ``lifecycle.py``."""
COMMITTING = "transaction_committing"
"""The records of a transaction are in Kafka, and it is about to be committed. Nobody logs that."""


def order(service: str, event: str, what: signal.Signals, after_s: float = 0.0) -> str:
    """For ``Orders.give``: once, that long after the event is about to be logged by an instance of the service."""
    return f"{service} {event} {what.value} {after_s:.3f}"


def striking(service: str, orders: Orders, strike: Callable[[int, float], None]) -> structlog.typing.Processor:
    """A processor of a service's log lines that carries the order out. strike: which signal, after how many seconds."""

    def look(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        match orders.current.split():
            case [whose, event, what, after_s] if (whose, event) == (service, line["event"]):
                orders.withdraw()
                orders.done()
                strike(int(what), float(after_s))
        return line

    return look


def tell_commits(look: Callable[[str], object], producer: type[Any]) -> None:
    """Have ``look`` told of every transaction with records that such a producer is about to commit."""
    send, commit, sent = producer.send, producer.commit_transaction, WeakSet[Any]()

    async def send_and_note(self: Any, *what: Any, **how: Any) -> Any:
        sent.add(self)
        return await send(self, *what, **how)

    async def tell_and_commit(self: Any) -> None:
        if self in sent:
            sent.remove(self)
            look(COMMITTING)
        await commit(self)

    producer.send, producer.commit_transaction = send_and_note, tell_and_commit


def _strike(what: int, after_s: float) -> None:
    if not after_s:
        os.kill(os.getpid(), what)
        return
    timer = threading.Timer(after_s, os.kill, (os.getpid(), what))
    timer.daemon = True  # who has left sooner has left
    timer.start()


def _run(name: str) -> None:
    configure = telemetry.configure

    def configure_and_look(service: str, settings: Settings) -> None:
        configure(service, settings)
        look = striking(name, Orders(Path(os.environ[MOMENT])), _strike)
        structlog.get_config()["processors"].insert(0, look)
        tell_commits(lambda event: look(None, "", {"event": event}), AIOKafkaProducer)

    telemetry.configure = configure_and_look
    runpy.run_module(f"services.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run(sys.argv[1])
