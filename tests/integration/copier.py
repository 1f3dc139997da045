"""A processor as small as one can be, run as a process of its own: one final for each frame of audio."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

from services.common.contracts import Final
from services.common.errors import Fatal
from services.common.kafka import Cluster, Outbox, Received, process_partitions
from services.common.settings import Settings, load
from services.common.topics import AUDIO, TRANSCRIPTS


class Copier:
    """Settles a frame as soon as its final is put; knows from its own output which frames are done."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._done: dict[str, int] = {}

    async def restore(self, tail: AsyncIterator[Received[Any]]) -> None:
        async for received in tail:
            self._done[received.record.session_id] = received.record.index

    async def handle(self, received: Received[Any]) -> None:
        frame = received.record
        if frame.seq <= self._done.get(frame.session_id, -1):
            return
        self._done[frame.session_id] = frame.seq
        self._outbox.put(
            TRANSCRIPTS, Final(session_id=frame.session_id, language=frame.language, index=frame.seq, words=())
        )

    def settled(self, position: int) -> int:
        return position

    async def close(self) -> None:
        pass


async def main(instance: str) -> int:
    try:
        await process_partitions(
            cluster=Cluster.of(load(Settings)),
            service="copier",
            instance=instance,
            source=AUDIO,
            output=TRANSCRIPTS,
            make=lambda _, outbox: Copier(outbox),
            drain=asyncio.Event(),
        )
    except BaseExceptionGroup as faults:
        if faults.split(Fatal)[1] is not None:
            raise
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
