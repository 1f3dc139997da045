"""Amazon's event-stream framing, from its specification: lengths, headers with types, two CRCs."""

import struct
from binascii import crc32
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_BYTES, _STRING, _TIMESTAMP = 6, 7, 8


class Message(NamedTuple):
    headers: dict[str, bytes | str | int]
    payload: bytes


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message, with headers of type string."""
    encoded = ((name.encode(), value.encode()) for name, value in headers.items())
    packed = b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value for name, value in encoded
    )
    prelude = struct.pack("!II", 16 + len(packed) + len(payload), len(packed))
    message = prelude + struct.pack("!I", crc32(prelude)) + packed + payload
    return message + struct.pack("!I", crc32(message))


class Decoder:
    """Bytes in as they come, messages out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Raises ValueError where a checksum is wrong."""
        self._buffer += data
        while len(self._buffer) >= 12:
            total, headers_size, checksum = struct.unpack_from("!III", self._buffer)
            if crc32(self._buffer[:8]) != checksum:
                raise ValueError("prelude checksum")
            if len(self._buffer) < total:
                return
            message = bytes(self._buffer[:total])
            del self._buffer[:total]
            if crc32(message[:-4]) != struct.unpack("!I", message[-4:])[0]:
                raise ValueError("message checksum")
            yield Message(_headers(message[12 : 12 + headers_size]), message[12 + headers_size : -4])


def _headers(packed: bytes) -> dict[str, bytes | str | int]:
    found: dict[str, bytes | str | int] = {}
    at = 0
    while at < len(packed):
        name_end = at + 1 + packed[at]
        name, kind = packed[at + 1 : name_end].decode(), packed[name_end]
        at = name_end + 1
        if kind == _TIMESTAMP:
            (found[name],) = struct.unpack_from("!q", packed, at)
            at += 8
        elif kind in (_BYTES, _STRING):
            (size,) = struct.unpack_from("!H", packed, at)
            value = packed[at + 2 : at + 2 + size]
            found[name] = value if kind == _BYTES else value.decode()
            at += 2 + size
        else:
            raise ValueError(f"header of type {kind}")
    return found
