"""``python -m services.notifier``."""

import asyncio
import os
from contextlib import AsyncExitStack

import structlog

from services.common.clock import now_ms, steady_ms
from services.common.contracts import Audience
from services.common.http import Server
from services.common.kafka import Cluster, DeadLetters, LogReader, Publisher
from services.common.lifecycle import Service, run
from services.common.open_files import raise_open_files
from services.common.settings import load_or_exit
from services.common.telemetry import open_traces
from services.common.topics import AUDIENCE, SESSIONS, TRANSCRIPTS, TRANSLATIONS
from services.notifier.announcer import Announcer
from services.notifier.app import Notifier
from services.notifier.audience import Audiences
from services.notifier.hub import Hub, Limits
from services.notifier.listener import Patience
from services.notifier.presign import Presigner, open_signer
from services.notifier.settings import NotifierSettings

log = structlog.get_logger(__name__)

MAX_MESSAGE_BYTES = 4_096
_WITHDRAW_S = 5.0
_OTHER_FILES = 200
"""Open ones that are no listener's: Kafka, modules, sockets that have yet to join."""


async def main(service: Service, settings: NotifierSettings) -> None:
    """Run until told to stop. Raises KafkaUnavailable once nothing can be read for too long."""
    name = f"notifier-{settings.instance}"
    tail_ms = settings.tail_minutes * 60_000
    server = Server(
        service,
        host=settings.host,
        port=settings.notifier_port,
        port_variable="DRAGOMAN_NOTIFIER_PORT",
        max_message_bytes=MAX_MESSAGE_BYTES,
    )
    listeners = min(settings.max_listeners, raise_open_files() - _OTHER_FILES)
    if listeners < settings.max_listeners:
        log.warning("listeners_limited_by_open_files", listeners=listeners)
    audiences = Audiences(name, now_ms)
    limits = Limits(
        tail_ms=tail_ms,
        tail_segments=settings.tail_segments,
        kept_segments=settings.kept_segments,
        listeners=listeners,
        session_listeners=settings.max_session_listeners,
        finish_ms=settings.finish_s * 1000,
    )
    cluster = Cluster.of(settings)
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as parts:
        serving = tasks.create_task(server.run())
        sign = await parts.enter_async_context(
            open_signer(
                settings.clips_bucket,
                settings.clips_endpoint or os.environ.get("AWS_ENDPOINT_URL"),
                settings.aws_region,
            )
        )
        patience = Patience(settings.join_s, settings.keep_up_s)
        traces = await parts.enter_async_context(open_traces(settings.traces_endpoint, settings.instance))
        announcer = Announcer(Presigner(sign, steady_ms), steady_ms, traces)
        hub = Hub(limits, audiences, steady_ms, settings.translator_engines, announcer.prepare)
        notifier = Notifier(hub, announcer, patience, settings.proxies)
        publisher = await parts.enter_async_context(Publisher.open(cluster, name))
        dead = await parts.enter_async_context(DeadLetters.open(cluster, "notifier", [TRANSLATIONS]))
        sessions = await parts.enter_async_context(LogReader.open(cluster, [SESSIONS], client_id=name, dead=dead))
        speech = await parts.enter_async_context(
            LogReader.open(
                cluster,
                [TRANSCRIPTS, TRANSLATIONS],
                client_id=name,
                since_ms=now_ms() - tail_ms,
                dead=dead,
            )
        )

        async def publish(record: Audience) -> None:
            await publisher.send(AUDIENCE, record)

        working = [
            tasks.create_task(notifier.follow(sessions)),
            tasks.create_task(notifier.follow(speech)),
            tasks.create_task(notifier.sweep()),
            tasks.create_task(audiences.report(publish)),
        ]
        await sessions.caught_up()
        await speech.caught_up()
        service.ready_when("kafka", lambda: sessions.flows and speech.flows)
        server.add(notifier.routes())
        service.started()
        await service.stopping.wait()
        notifier.stop()
        await serving
        for task in working:
            task.cancel()
        await asyncio.wait(working)
        try:
            async with asyncio.timeout(_WITHDRAW_S):
                await audiences.withdraw(publish)
        except TimeoutError:
            log.warning("counts_not_withdrawn")


if __name__ == "__main__":
    notifier_settings = load_or_exit(NotifierSettings)
    run(lambda service: main(service, notifier_settings), "notifier", notifier_settings)
