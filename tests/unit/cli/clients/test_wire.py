"""Frames as bytes, against the library that the servers use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from services.cli.clients import wire


def read(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """All whole frames, and the rest."""
    frames, at = [], 0
    while (found := wire.frame_from_server(data, at)) is not None:
        opcode, start, at = found
        frames.append((opcode, data[start:at]))
    return frames, data[at:]


@given(payloads=st.lists(st.integers(0, 70_000).filter(lambda size: size < 65_536), max_size=4), cut=st.integers(0))
def test_frames_of_a_server_are_found_however_the_stream_is_cut(payloads: list[int], cut: int) -> None:
    sent = [(int(Opcode.TEXT), bytes(size)) for size in payloads]
    stream = b"".join(Frame(Opcode.TEXT, payload).serialize(mask=False) for _, payload in sent)
    cut %= len(stream) + 1
    first, rest = read(stream[:cut])
    second, rest = read(rest + stream[cut:])
    assert (first + second, rest) == (sent, b"")


@pytest.mark.parametrize("frame", [b"\x01\x01x", b"\x81\xffx", b"\x81\x81\0\0\0\0x"], ids=["part", "huge", "masked"])
def test_frames_that_no_server_of_ours_sends_are_refused(frame: bytes) -> None:
    with pytest.raises(wire.UnknownFrame):
        wire.frame_from_server(frame, 0)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535])
def test_a_server_reads_what_a_client_sends(size: int) -> None:
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(wire.frame_from_client(wire.TEXT, b"x" * size))
    assert server.events_received() == [Frame(Opcode.TEXT, b"x" * size)]
