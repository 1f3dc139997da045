"""How ingest is put together, and in which order it starts and stops."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import structlog
from starlette.routing import WebSocketRoute

from services.common.audience import AudienceView
from services.common.http import Server
from services.common.kafka import Cluster, DeadLetters, LogReader, Publisher
from services.common.lifecycle import Service
from services.common.topics import AUDIENCE, SESSIONS
from services.ingest.audio_log import KafkaAudioLog
from services.ingest.floors import Floors
from services.ingest.keeper import Keeper
from services.ingest.ports import SessionStore
from services.ingest.rest import Rest
from services.ingest.sessions import Sessions
from services.ingest.settings import IngestSettings
from services.ingest.speaker import SpeakerEndpoint
from services.ingest.store import DynamoSessionStore
from services.ingest.tokens import KeysUnavailable, Tokens
from services.ingest.view import SessionView

_RETRY_S = 2.0
_KEYS_FRESH_S = 600.0
_LEAVE_S = 5.0
"""Beyond Kafka's own limit: how long a connection that is taken over may take to leave."""

log = structlog.get_logger(__name__)


async def serve(service: Service, settings: IngestSettings) -> None:
    """Ingest, from its start to the end of its drain."""
    server = Server(
        service,
        host=settings.host,
        port=settings.ingest_port,
        port_variable="DRAGOMAN_INGEST_PORT",
        allowed_origins=settings.allowed_origins.split(","),
    )
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.run())
        client_id = f"ingest-{settings.instance}"
        cluster = Cluster.of(settings)
        publisher = await stack.enter_async_context(Publisher.open(cluster, client_id))
        dead = await stack.enter_async_context(DeadLetters.open(cluster, "ingest", [SESSIONS, AUDIENCE]))
        states = await stack.enter_async_context(LogReader.open(cluster, [SESSIONS], client_id=client_id, dead=dead))
        counts = await stack.enter_async_context(LogReader.open(cluster, [AUDIENCE], client_id=client_id, dead=dead))
        store = await stack.enter_async_context(DynamoSessionStore.open(settings.sessions_table, settings.aws_region))
        tokens = Tokens(
            await stack.enter_async_context(httpx.AsyncClient()),
            jwks_url=settings.jwks_url,
            issuer=settings.token_issuer,
            client_id=settings.token_client_id,
        )
        view, audience = SessionView(), AudienceView()
        floors = Floors(
            settings.instance,
            burst_s=settings.audio_burst_s,
            rate=settings.audio_rate,
            leave_s=settings.kafka_timeout_s + _LEAVE_S,
        )
        sessions = Sessions(store, publisher, view, floors, settings)
        keeper = Keeper(sessions, floors, view, grace_s=settings.grace_s, max_session_s=settings.max_session_s)
        endless = [
            tasks.create_task(view.follow(states.follow())),
            tasks.create_task(audience.run(counts.follow())),
            tasks.create_task(_keep_keys(tokens)),
        ]
        await _until_reachable(store)
        await states.caught_up()
        for session in view.open.values():
            floors.adopt(session)
        audio = KafkaAudioLog(cluster, client_id, view, limit_s=settings.kafka_timeout_s)
        speaking = SpeakerEndpoint(tokens, sessions, floors, view, publisher, audio, settings, service.stopping)
        rest = Rest(tokens, sessions, audience, settings.proxies)
        server.add([*rest.routes(), WebSocketRoute("/speak", speaking.serve)])
        service.ready_when("token_keys", lambda: tokens.have_keys)
        service.started()
        await keeper.run(service.stopping)
        await serving
        for task in endless:
            task.cancel()


async def _until_reachable(store: SessionStore) -> None:
    waiting = False
    while not await store.reachable():
        if not waiting:
            log.warning("table_awaited")
            waiting = True
        await asyncio.sleep(_RETRY_S)
    if waiting:
        log.info("table_reached")


async def _keep_keys(tokens: Tokens) -> None:
    """Have the keys before the first speaker comes, and notice those that are withdrawn."""
    while True:
        try:
            await tokens.fetch()
        except KeysUnavailable as fault:
            log.warning("token_keys_awaited", reason=str(fault))
        await asyncio.sleep(_KEYS_FRESH_S if tokens.have_keys else _RETRY_S)
