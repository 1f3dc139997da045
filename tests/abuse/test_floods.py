"""Bytes that are too many, too slow or not what they say: they cost those who send them, and nobody else."""

import asyncio
import gzip
import json
import os
import resource
import socket
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from tests.abuse.conftest import HOME, Target

pytestmark = pytest.mark.asyncio(loop_scope="package")

OTHER_FILES = 100
"""That a process may open while it is flooded."""


async def sent(url: str, *parts: bytes) -> bytes:
    """What a server answers to these bytes until it closes, or has answered."""
    reader, writer = await asyncio.open_connection(HOME, urlsplit(url).port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read(65_536)
    except ConnectionError:
        return b""  # it closed while there was more to come
    finally:
        writer.transport.abort()


async def test_a_flood_of_headers_ends_the_connection(target: Target) -> None:
    for url, path in ((target.stack.ingest_url, b"/sessions"), (target.stack.notifier_url, b"/healthz")):
        head = b"GET " + path + b" HTTP/1.1\r\nhost: here\r\n"
        for flood in ((b"x: " + b"y" * 1_000_000,), (b"x-%d: y\r\n" % number for number in range(50_000))):
            answer = await sent(url, head, *flood)
            assert not answer or b" 400 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "head",
    [
        b"POST /sessions HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /sessions HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"GET /sessions HTTP/1.1\r\nhost: here\r\nx: a\rb\r\n\r\n",
        b"GET /sessions HTTP/1.1\r\nhost: here\r\n folded: a\r\n\r\n",
        b"GET /sess\x00ions HTTP/1.1\r\nhost: here\r\n\r\n",
    ],
    ids=["two lengths", "lengths that differ", "a lone return", "a folded header", "a null"],
)
async def test_a_request_that_two_readers_could_take_for_different_ones_is_read_by_none(
    target: Target, head: bytes
) -> None:
    first = (await sent(target.stack.ingest_url, head)).split(b"\r\n")[0]
    assert b" 400 " in first or b" 401 " in first
    assert b" 200 " not in first


async def test_a_body_is_cut_off_at_its_limit_and_never_unpacked(target: Target) -> None:
    async def endless() -> object:
        for _ in range(1_000):
            yield b" " * 65_536

    async with target.rest(target.anna) as anna:
        assert (await anna.post("/sessions", content=endless())).status_code == 413  # type: ignore[arg-type]
        bomb = gzip.compress(b'{"title": "' + b"x" * 10_000_000 + b'"}')
        answer = await anna.post("/sessions", content=bomb, headers={"content-encoding": "gzip"})
        assert answer.status_code in (400, 413)


async def test_no_socket_unpacks_what_it_is_sent(target: Target) -> None:
    for url, path in ((target.stack.ingest_url, "/speak"), (target.stack.notifier_url, "/listen")):
        packing = [ClientPerMessageDeflateFactory()]
        async with connect(url.replace("http", "ws") + path, proxy=None, extensions=packing, compression=None) as asked:
            assert asked.protocol.extensions == []
            asked.transport.write(b"\xc1\x85\x00\x00\x00\x00\x4a\x4c\x4c\x04\x00")  # packed all the same
            with pytest.raises(ConnectionClosed) as closed:
                await asked.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1002


async def test_more_connections_than_a_process_may_have_neither_end_it_nor_silence_it(target: Target) -> None:
    session = await target.session()
    process = target.stack["notifier"]
    pid = process.pid
    assert pid is not None
    joining = json.dumps({"type": "join", "session": session["session_id"], "language": "en"})
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    flood: list[socket.socket] = []
    async with target.listen() as listener, target.rest(target.anna) as anna:
        await listener.send(joining)
        assert json.loads(await listener.recv())["type"] == "joined"
        try:
            files = len(os.listdir(f"/proc/{pid}/fd")) + OTHER_FILES
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, usual[1]))
            for _ in range(4 * OTHER_FILES):
                flood.append(await asyncio.to_thread(socket.create_connection, (HOME, process.port), 5))
            assert (await anna.delete(f"/sessions/{session['session_id']}")).status_code == 204
            async with asyncio.timeout(10):
                assert json.loads(await listener.recv()) == {"type": "state", "state": "ended"}
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
            for one in flood:
                one.close()
    another = (await target.session())["session_id"]
    async with target.listen() as later:
        await later.send(joining.replace(session["session_id"], another))
        assert json.loads(await later.recv())["type"] == "joined"
    assert process.restarts == 0
    assert process.pid == pid
