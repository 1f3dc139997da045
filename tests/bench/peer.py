"""``python -m tests.bench.peer BOOTSTRAP PORT SESSION``: the notifier's work by the plainest means there are.

A broadcast by ``websockets`` as its documentation has it: every connection is told all that comes, in the notifier's
words. No resume, no languages, no signed URLs, no limits.
"""

import sys
from collections.abc import AsyncIterator

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from services.common import stages
from services.common.clock import now_ms
from services.common.contracts import Caption, Session, Speech, State
from services.common.kafka import Cluster, LogReader
from services.common.open_files import raise_open_files
from services.common.topics import TRANSLATIONS
from services.notifier import messages


async def main(bootstrap: str, port: int, session_id: str) -> None:
    """Serve until killed."""
    listeners: set[ServerConnection] = set()
    session = Session(
        session_id=session_id, code="", title="A recorded talk", owner="", source_language="en", state=State.LIVE
    )

    async def listen(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(
            messages.encode(messages.joined(session, (), "pt", 0, None, None, now_ms(), recognized=True)), text=True
        )
        listeners.add(socket)
        try:
            await socket.wait_closed()
        finally:
            listeners.discard(socket)

    raise_open_files()
    async with serve(listen, "127.0.0.1", port, compression=None):
        async for notice in notices(bootstrap, session_id):
            broadcast(listeners, notice, text=True)


async def notices(bootstrap: str, session_id: str) -> AsyncIterator[bytes]:
    """A session's captions and speech from now on, in the notifier's words."""
    async with LogReader.open(Cluster(bootstrap), [TRANSLATIONS], client_id="peer", since_ms=now_ms()) as reader:
        async for received in reader.follow():
            record = received.record
            if record.session_id == session_id and isinstance(record, Caption | Speech):
                yield _text(record, received.read_at_ms)


def _text(record: Caption | Speech, read_at_ms: float) -> bytes:
    now = now_ms()
    in_topic = {stages.TRANSLATIONS_TOPIC: read_at_ms - record.published_at_ms}
    passed = {**record.stages, **in_topic, stages.NOTIFY: now - read_at_ms}
    if isinstance(record, Caption):
        return messages.encode(messages.caption_notice(record, passed, now, history=False))
    return messages.encode(messages.speech_notice(record, f"https://clips.example/{record.key}", passed, now))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
