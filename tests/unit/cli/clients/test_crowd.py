"""A crowd of listeners against a small notifier, over real sockets."""

import asyncio
import time
from collections.abc import Sequence

from services.cli.clients.crowd import Crowd
from services.cli.clients.crowds import Crowds
from services.cli.clients.tally import Heard
from services.common.clock import now_ms
from tests.unit.cli.clients.room import Room, a_room

ENOUGH = 1e6
"""Joins a second."""


async def heard(crowd: Crowd, room: Room, notices: Sequence[tuple[str, int]], **more: object) -> Heard:
    """What the crowd makes of these, one after the other, once it has joined for long enough to count them."""
    await asyncio.sleep(0.2)
    hearing = asyncio.create_task(crowd.hear(0.5))
    await asyncio.sleep(0)
    for kind, index in notices:
        room.tell(kind, index, **more)
    return await hearing


async def test_listeners_join_in_turn_and_who_is_not_let_in_is_counted_with_the_reason() -> None:
    async with a_room(places=5) as room, Crowd(room.url, "s", ["pt", "es"], 0.0) as crowd:
        grown = await crowd.grow(3, ENOUGH)
        assert (grown.listeners, len(grown.join_ms), grown.refused) == (3, 3, {})
        assert (await crowd.grow(5, ENOUGH)).listeners == 5
        assert sorted(room.languages) == ["es", "es", "pt", "pt", "pt"]
        grown = await crowd.grow(7, ENOUGH)
        assert (grown.listeners, grown.refused) == (5, {"no more listeners fit in here": 2})


async def test_nobody_there_is_a_reason_too() -> None:
    async with a_room() as room:
        url = room.url
    async with Crowd(url, "s", ["pt"], 0.0) as crowd:
        grown = await crowd.grow(2, ENOUGH)
        assert (grown.listeners, list(grown.refused.values())) == (0, [2])


async def test_every_notice_to_every_listener_is_measured_from_its_publication() -> None:
    async with a_room() as room, Crowd(room.url, "s", ["pt"], 0.0) as crowd:
        await crowd.grow(3, ENOUGH)
        found = await heard(crowd, room, [("caption", 4), ("speech", 4), ("caption", 5)])
        assert len(found.delays_ms) == 9
        assert all(100.0 <= delay < 400.0 for delay in found.delays_ms)
        assert (found.lost, found.repeated, found.closed) == (0, 0, {})


async def test_what_is_left_out_or_comes_again_is_counted() -> None:
    async with a_room() as room, Crowd(room.url, "s", ["pt"], 0.0) as crowd:
        await crowd.grow(2, ENOUGH)
        found = await heard(
            crowd, room, [("caption", 0), ("caption", 3), ("speech", 3), ("speech", 3), ("caption", 3), ("caption", 4)]
        )
        assert (found.lost, found.repeated) == (4, 4)


async def test_another_machines_clock_does_not_show_in_the_figures() -> None:
    async with a_room(clock_ahead_ms=60_000.0) as room, Crowd(room.url, "s", ["pt"], 0.0) as crowd:
        await crowd.grow(1, ENOUGH)
        (delay,) = (await heard(crowd, room, [("caption", 0)])).delays_ms
        assert 50.0 < delay < 400.0


async def test_a_crowd_that_is_late_to_read_is_not_taken_for_a_late_notifier() -> None:
    async with a_room() as room, Crowd(room.url, "s", ["pt"], 0.0) as crowd:
        await crowd.grow(1, ENOUGH)
        await asyncio.sleep(0.2)
        hearing = asyncio.create_task(crowd.hear(1.5))
        await asyncio.sleep(0)
        room.tell("caption", 0)
        time.sleep(1.0)  # noqa: ASYNC251 (nothing is read meanwhile)
        (delay,) = (await hearing).delays_ms
        assert delay < 1_000.0


async def test_connections_that_end_are_counted_by_their_code() -> None:
    async with a_room() as room, Crowd(room.url, "s", ["pt"], 0.0) as crowd:
        await crowd.grow(3, ENOUGH)
        hearing = asyncio.create_task(crowd.hear(0.5))
        await asyncio.sleep(0)
        closed, aborted, _ = room.sockets
        await closed.close(4408)
        aborted.transport.abort()
        assert (await hearing).closed == {"4408": 1, "1006": 1}
        assert (await crowd.grow(3, ENOUGH)).listeners == 3


async def test_clips_are_fetched_by_those_who_shall_and_what_can_not_be_is_counted() -> None:
    async def store(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = b"clip" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 4\r\n\r\nfLaC" % (200 if there else 403))
        writer.close()

    clips = await asyncio.start_server(store, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{clips.sockets[0].getsockname()[1]}"
    async with clips, a_room() as room:
        for share, path, expected in ((1.0, "clip", (3, 0)), (1.0, "gone", (0, 3)), (0.0, "clip", (0, 0))):
            async with Crowd(room.url, "s", ["pt"], share) as crowd:
                await crowd.grow(3, ENOUGH)
                found = await heard(crowd, room, [("caption", 0), ("speech", 0)], url=f"{base}/{path}")
                assert (len(found.clips_ms), found.unfetched) == expected
                room.sockets.clear()


async def test_a_crowd_in_processes_is_one_crowd() -> None:
    async with a_room(places=4) as room, Crowds.open(room.url, "s", ["pt"], 0.0) as crowds:
        grown = await crowds.grow(5, ENOUGH)
        assert (grown.listeners, len(grown.join_ms), grown.refused) == (4, 4, {"no more listeners fit in here": 1})
        await asyncio.sleep(0.2)
        hearing = asyncio.create_task(crowds.hear(1.0))
        await asyncio.sleep(0.3)
        room.tell("caption", 0)
        found = await hearing
        assert len(found.delays_ms) == 4


async def test_a_captions_lag_is_measured_from_the_end_of_its_words() -> None:
    async with a_room() as room, Crowd(room.url, "s", ["pt"], 0.0) as crowd:
        await crowd.grow(2, ENOUGH)
        said = {"floor_epoch_ms": now_ms() - 2_000.0, "end_ms": 1_000.0}
        found = await heard(crowd, room, [("caption", 0), ("speech", 0)], **said)
        assert len(found.caption_lags_ms) == 2
        assert all(1_000.0 <= lag < 1_900.0 for lag in found.caption_lags_ms)
