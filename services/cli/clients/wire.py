"""WebSocket frames as bytes, for clients of which one process has thousands."""

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

_FIN, _MASKED = 0x80, 0x80
_NO_MASK = bytes(4)
"""A client must mask what it sends; this mask changes nothing."""
_SHORT, _IN_16_BITS = 126, 126


class UnknownFrame(Exception):
    """A frame that servers of ours don't send: fragmented, masked or endless."""


def frame_from_client(opcode: int, payload: bytes) -> bytes:
    """A whole message of less than 64 KiB."""
    size = len(payload)
    if size < _SHORT:
        head = bytes((_FIN | opcode, _MASKED | size))
    else:
        head = bytes((_FIN | opcode, _MASKED | _IN_16_BITS)) + size.to_bytes(2, "big")
    return head + _NO_MASK + payload


def frame_from_server(data: bytes, at: int) -> tuple[int, int, int] | None:
    """The frame that begins there: its opcode, and where its payload begins and ends; None: not all of it has come.

    Raises UnknownFrame.
    """
    if len(data) < at + 2:
        return None
    first, size, start = data[at], data[at + 1], at + 2
    if not first & _FIN or size > _IN_16_BITS:
        raise UnknownFrame(f"a frame that begins {first:#04x} {size:#04x}")
    if size == _IN_16_BITS:
        start += 2
        if len(data) < start:
            return None
        size = int.from_bytes(data[start - 2 : start], "big")
    end = start + size
    return (first & 0x0F, start, end) if end <= len(data) else None
