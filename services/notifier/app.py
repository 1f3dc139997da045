"""The notifier's parts put together: records in, listeners served, counts out."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Protocol

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from services.common.kafka import Received
from services.notifier import metrics
from services.notifier.announcer import Announcer
from services.notifier.hub import Hub
from services.notifier.listener import Listener, Patience
from services.notifier.rounds import Rounds

_SWEEP_S = 1.0


class Reader(Protocol):
    """What the notifier needs of ``LogReader``."""

    def follow(self) -> AsyncIterator[Received[Any]]: ...


class Notifier:
    """Serves listeners from what its readers bring."""

    def __init__(self, hub: Hub, announcer: Announcer, patience: Patience, proxies: int = 0) -> None:
        self._hub = hub
        self._announcer = announcer
        self._patience = patience
        self._proxies = proxies
        self._rounds = Rounds()
        self._listeners: set[Listener] = set()
        self._stopping = False
        metrics.LISTENERS.set_function(lambda: hub.listeners)

    def routes(self) -> list[WebSocketRoute]:
        """The listeners' socket. Serve it once the readers have caught up."""
        return [WebSocketRoute("/listen", self._listen)]

    async def follow(self, reader: Reader) -> None:
        """Take in what the reader brings, for ever. Raises KafkaUnavailable."""
        async for received in reader.follow():
            self._hub.take(received.record, received.read_at_ms, received.headers)

    async def sweep(self) -> None:
        """Forget what is old and finish what has ended, for ever."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._hub.sweep()

    def stop(self) -> None:
        """Close all sockets, those that still come too, with 1012."""
        self._stopping = True
        for listener in self._listeners:
            listener.stop()

    async def _listen(self, socket: WebSocket) -> None:
        listener = Listener(socket, self._hub, self._announcer, self._patience, self._rounds, self._proxies)
        if self._stopping:
            listener.stop()
        self._listeners.add(listener)
        try:
            await listener.serve()
        finally:
            self._listeners.remove(listener)
