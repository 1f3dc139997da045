"""Following a talk while it goes on: what its listeners were told so far, and further listeners who come and go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import connect

from services.cli.clients.connection import socket_url
from services.cli.clients.notices import CaptionNotice, Joined, Notice, SpeechNotice
from services.cli.stack.system import System
from tests.unit.notifier.serving import Ears

_PATIENCE_S = 60.0

Message = dict[str, Any]


class Progress:
    """What the listeners of ``give`` have been told; give it ``on_notice``."""

    def __init__(self) -> None:
        self.session_id = ""
        self.captions: dict[str, int] = {}
        """By language: how many came."""
        self.failed_speech = 0
        self._news = asyncio.Event()

    def on_notice(self, language: str, notice: Notice, _: float) -> None:
        match notice:
            case Joined(session_id=session_id):
                self.session_id = session_id
            case CaptionNotice(index=index):
                self.captions[language] = index + 1
            case SpeechNotice(failed=failed) if failed:
                self.failed_speech += 1
            case _:
                return
        self._news.set()

    async def until(self, reached: Callable[["Progress"], bool]) -> None:
        """Wait until something is so. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE_S):
            while not reached(self):
                self._news.clear()
                await self._news.wait()

    async def session(self) -> str:
        """The talk's session, once somebody has joined it."""
        await self.until(lambda so_far: bool(so_far.session_id))
        return self.session_id

    async def captioned(self, count: int, language: str = "pt") -> None:
        """Wait for so many captions."""
        await self.until(lambda so_far: so_far.captions.get(language, 0) >= count)


@asynccontextmanager
async def listening(system: System) -> AsyncIterator[Ears]:
    """A listener's socket, not joined yet."""
    async with connect(socket_url(system.notifier_url, "/listen"), compression=None, proxy=None) as socket:
        yield Ears(socket, _PATIENCE_S)


async def refusal(system: System, session: str, language: str = "pt") -> int:
    """The close code that a join gets."""
    async with listening(system) as ears:
        await ears.send(type="join", session=session, language=language)
        return (await ears.closed())[0]


def captions(messages: list[Message]) -> list[Message]:
    """Those of them that are captions."""
    return [message for message in messages if message["type"] == "caption"]
