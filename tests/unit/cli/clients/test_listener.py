"""The listener's client against a small notifier and store, over real sockets."""

import asyncio
import io
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from services.cli.clients.connection import Refused
from services.cli.clients.listener import Listener
from services.cli.clients.playback import PATIENCE_MS
from services.cli.evaluation.measure import cues_of, segments_of

EPOCH = 1_700_000_000_000.0


def caption(index: int, **more: object) -> dict[str, Any]:
    return {
        "type": "caption", "language": "pt", "index": index, "spoken": True,
        "start_ms": index * 1_000.0, "end_ms": index * 1_000.0 + 900,
        "text": f"texto {index}", "previous_mark": "", "source": f"text {index}",
        "floor_epoch_ms": EPOCH, "stages": {}, "sent_at_ms": EPOCH, **more,
    }  # fmt: skip


def speech(index: int, url: str | None) -> dict[str, Any]:
    said = caption(index)
    for name in ("previous_mark", "spoken", "source"):
        del said[name]
    return {**said, "type": "speech", "url": url, "duration_ms": 200.0}


def clip() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(3_200, 0.25, np.float32), 16_000, format="FLAC")
    return buffer.getvalue()


class Store:
    """Answers GET with a clip; ``answers``: how the next requests are answered instead; ``lacks``: what isn't there."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.lacks: set[str] = set()
        self.asked: list[str] = []
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(request.split(" ")[1])
        status = 404 if self.asked[-1] in self.lacks else self.answers.pop(0) if self.answers else 200
        body = clip() if status == 200 else b""
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = Store()
    server = await asyncio.start_server(store, "127.0.0.1", 0)
    store.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield store


@asynccontextmanager
async def notifier(handler: Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]) -> AsyncIterator[str]:
    async def serve_one(socket: ServerConnection) -> None:
        await handler(socket, json.loads(await socket.recv()))

    async with serve(serve_one, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/listen"


async def send(socket: ServerConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


async def greet(socket: ServerConnection, *, next_index: int = 0, **more: object) -> None:
    await send(
        socket,
        {
            "type": "joined", "session_id": "s", "title": "A talk", "state": "live", "language": "pt",
            "source_language": "en", "languages": [], "next_index": next_index, "server_time_ms": EPOCH, **more,
        },
    )  # fmt: skip


async def test_everything_is_received_fetched_and_placed(store: Store) -> None:
    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        assert join == {"type": "join", "session": "s", "language": "pt", "audio": True}
        await greet(socket)
        await send(socket, caption(0), caption(1, previous_mark="."), {"type": "news"}, speech(0, f"{store.url}/0"))
        await send(socket, speech(1, f"{store.url}/1"), {"type": "ended", "segments": 2, "previous_mark": "?"})

    async with notifier(talk) as url:
        listener = Listener(url, "s", "pt")
        await listener.run()
    hearing = listener.hearing
    assert [segment.played is not None for segment in segments_of(hearing)] == [True, True]
    assert [cue.text for cue in cues_of(hearing)] == ["texto 0.", "texto 1?"]
    assert hearing.segments == 2


async def test_a_lost_connection_resumes_after_the_last_index_that_was_whole(store: Store) -> None:
    joins: list[dict[str, Any]] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        await greet(socket)
        if len(joins) == 1:
            await send(socket, caption(0), speech(0, f"{store.url}/0"), caption(1), caption(2))
            socket.transport.close()
            return
        await send(socket, caption(1), speech(1, f"{store.url}/1"), caption(2), speech(2, f"{store.url}/2"))
        await send(socket, {"type": "ended", "segments": 3})

    async with notifier(talk) as url:
        listener = Listener(url, "s", "pt")
        await listener.run()
    assert joins[1]["after"] == 0
    assert [caption.index for _, caption in listener.hearing.captions] == [0, 1, 2]
    assert (listener.hearing.redelivered, listener.hearing.reconnects) == (2, 1)
    assert sorted(listener.hearing.clips) == [0, 1, 2]


async def test_who_came_by_a_code_comes_again_by_the_sessions_id() -> None:
    joins: list[dict[str, Any]] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        await greet(socket)
        if len(joins) == 1:
            socket.transport.close()
            return
        await send(socket, {"type": "ended", "segments": 0})

    async with notifier(talk) as url:
        await Listener(url, "K7F2QXA", "pt").run()
    assert [join["session"] for join in joins] == ["K7F2QXA", "s"]


@pytest.mark.parametrize("next_index", [0, 7])
async def test_who_lost_the_connection_before_anything_was_said_resumes_from_where_it_joined(next_index: int) -> None:
    joins: list[dict[str, Any]] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        await greet(socket, next_index=next_index)
        if len(joins) == 1:
            socket.transport.close()
            return
        await send(socket, {"type": "ended", "segments": next_index})

    async with notifier(talk) as url:
        await Listener(url, "s", "pt").run()
    assert ["after" in join for join in joins] == [False, True]
    assert joins[1]["after"] == next_index - 1


@pytest.mark.parametrize(("next_speech", "after"), [(9, 8), (8, 7)])
async def test_speech_of_captions_from_before_is_resumed_for_only_where_it_was_to_come(
    next_speech: int, after: int
) -> None:
    joins: list[dict[str, Any]] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        await greet(socket, next_index=7, next_speech=next_speech)
        if len(joins) == 1:
            await send(socket, caption(7, history=True), caption(8, history=True))
            socket.transport.close()
            return
        await send(socket, {"type": "ended", "segments": 9})

    async with notifier(talk) as url:
        await Listener(url, "s", "pt").run()
    assert joins[1]["after"] == after


async def test_what_is_no_longer_kept_is_told_once_and_not_resumed_for_again() -> None:
    joins: list[dict[str, Any]] = []
    told: list[str] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        if len(joins) == 1:
            await greet(socket)
            await send(socket, caption(0))
            socket.transport.close()
        elif len(joins) == 2:
            await greet(socket, next_index=6, next_speech=6, gap={"from": 0, "to": 5})
            socket.transport.close()
        else:
            await greet(socket, next_index=6, next_speech=6)
            await send(socket, {"type": "ended", "segments": 6})

    async with notifier(talk) as url:
        await Listener(url, "s", "pt", report=told.append).run()
    assert [join.get("after") for join in joins] == [None, -1, 5]
    assert [line for line in told if "connecting" not in line] == [
        "pt: segments 0 to 5 came while there was no connection, and are no longer kept"
    ]


async def test_a_caption_without_speech_costs_no_speech_before_it_and_no_time_after_it(store: Store) -> None:
    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        await greet(socket)
        await send(socket, caption(0), caption(1, spoken=False), speech(0, f"{store.url}/0"))
        await send(socket, caption(2), speech(2, f"{store.url}/2"), {"type": "ended", "segments": 3})

    async with notifier(talk) as url:
        listener = Listener(url, "s", "pt")
        await listener.run()
    first, silent, last = (segment.played for segment in segments_of(listener.hearing))
    assert first is not None
    assert last is not None
    assert silent is None
    assert last.start_ms < first.start_ms + PATIENCE_MS


async def test_an_expired_url_is_signed_again_by_joining_from_before_it(store: Store) -> None:
    store.answers = [403]
    joins: list[dict[str, Any]] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        await greet(socket)
        await send(socket, caption(0), speech(0, f"{store.url}/stale"))
        joins.append(json.loads(await socket.recv()))
        await greet(socket)
        await send(socket, caption(0), speech(0, f"{store.url}/fresh"), {"type": "ended", "segments": 1})

    async with notifier(talk) as url:
        listener = Listener(url, "s", "pt")
        await listener.run()
    assert joins[0]["after"] == -1
    assert store.asked == ["/stale", "/fresh"]
    assert sorted(listener.hearing.clips) == [0]


async def heard_one_clip(store: Store) -> Listener:
    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        await greet(socket)
        await send(socket, caption(0), speech(0, f"{store.url}/0"), {"type": "ended", "segments": 1})

    async with notifier(talk) as url:
        listener = Listener(url, "s", "pt")
        await listener.run()
    return listener


async def test_a_store_that_can_not_give_a_clip_now_is_asked_again_until_it_can(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cli.clients.listener._AWAY_RETRY_S", 0.01)
    store.answers = [503, 500, 429] * 3
    listener = await heard_one_clip(store)
    assert sorted(listener.hearing.clips) == [0]


async def test_a_store_that_can_not_give_a_clip_for_long_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"_AWAY_RETRY_S": 0.01, "_AWAY_S": 0.2}.items():
        monkeypatch.setattr(f"services.cli.clients.listener.{name}", seconds)
    store.answers = [503] * 1_000
    listener = await heard_one_clip(store)
    assert sorted(listener.hearing.given_up) == [0]
    assert len(store.asked) > 5


async def test_a_clip_that_can_not_be_had_is_passed_over_and_told(store: Store) -> None:
    store.lacks = {"/0"}
    told: list[str] = []

    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        await greet(socket)
        await send(socket, caption(0), speech(0, f"{store.url}/0"), caption(1), speech(1, f"{store.url}/1"))
        await send(socket, {"type": "ended", "segments": 2})

    async with notifier(talk) as url:
        listener = Listener(url, "s", "pt", report=told.append)
        await listener.run()
    assert (sorted(listener.hearing.given_up), sorted(listener.hearing.clips)) == ([0], [1])
    assert told == ["pt: clip 0 could not be fetched"]
    assert [segment.played is not None for segment in segments_of(listener.hearing)] == [False, True]


async def test_a_reader_fetches_no_clip(store: Store) -> None:
    async def talk(socket: ServerConnection, join: dict[str, Any]) -> None:
        assert join["audio"] is False
        await greet(socket)
        await send(socket, caption(0, spoken=False), {"type": "ended", "segments": 1})

    async with notifier(talk) as url:
        listener = Listener(url, "s", "pt", hear=False)
        await listener.run()
    assert store.asked == []
    assert [segment.played for segment in segments_of(listener.hearing)] == [None]


async def test_a_refusal_says_what_the_service_said() -> None:
    async def refuse(socket: ServerConnection, join: dict[str, Any]) -> None:
        await send(socket, {"type": "error", "code": "language", "message": "no Klingon here: en, pt"})
        await socket.close(4406)

    async with notifier(refuse) as url:
        with pytest.raises(Refused, match="no Klingon here"):
            await Listener(url, "s", "tlh").run()


async def test_who_is_let_in_and_closed_again_and_again_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Iterator[float]] = []

    def waits() -> Iterator[float]:
        begun.append(itertools.repeat(0.0))
        return begun[-1]

    monkeypatch.setattr("services.cli.clients.connection.waits", waits)
    joins: list[dict[str, Any]] = []

    async def let_in(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        await greet(socket)
        if len(joins) < 4:
            await socket.close(1013)
        else:
            await send(socket, {"type": "ended", "segments": 0})

    async with notifier(let_in) as url:
        await Listener(url, "s", "pt").run()
    assert len(joins) == 4
    assert len(begun) == 1


async def test_who_was_told_nothing_for_an_hour_comes_again_when_the_connection_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    joins: list[dict[str, Any]] = []
    now_s = [0.0]
    monkeypatch.setattr("services.cli.clients.connection.monotonic", lambda: now_s[0])

    async def paused(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        await greet(socket)
        if len(joins) == 1:
            await listener.joined.wait()
            now_s[0] += 3_600
            await socket.close(1012)
            return
        await send(socket, {"type": "ended", "segments": 0})

    async with notifier(paused) as url:
        listener = Listener(url, "s", "pt")
        await listener.run()
    assert len(joins) == 2


async def test_a_notifier_that_does_not_answer_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.cli.clients.listener.ANSWER_S", 0.05)
    joins: list[dict[str, Any]] = []

    async def silent_at_first(socket: ServerConnection, join: dict[str, Any]) -> None:
        joins.append(join)
        if len(joins) == 1:
            monkeypatch.setattr("services.cli.clients.listener.ANSWER_S", 0.3)  # a busy machine may take its time
            await socket.wait_closed()
            return
        await greet(socket)
        await asyncio.sleep(0.4)
        await send(socket, {"type": "ended", "segments": 0})

    async with notifier(silent_at_first) as url, asyncio.timeout(5):
        await Listener(url, "s", "pt").run()
    assert len(joins) == 2


async def test_a_notifier_that_is_still_starting_is_tried_again() -> None:
    asked: list[Request] = []

    def not_yet(connection: ServerConnection, request: Request) -> Response | None:
        asked.append(request)
        return connection.respond(503, "starting") if len(asked) < 3 else None

    async def talk(socket: ServerConnection) -> None:
        await socket.recv()
        await greet(socket)
        await send(socket, {"type": "ended", "segments": 0})

    async with serve(talk, "127.0.0.1", 0, process_request=not_yet) as server:
        listener = Listener(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/listen", "s", "pt")
        await listener.run()
    assert (len(asked), listener.hearing.reconnects) == (3, 2)
