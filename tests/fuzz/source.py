"""Values made of a fuzzer's bytes, so that what it changes is mostly still something that can be read."""

import struct
import types
import typing
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

_NUMBERS = (
    0,
    1,
    -1,
    2,
    7,
    255,
    16_000,
    2**31 - 1,
    2**31,
    2**53,
    2**63,
    -(2**63),
    2**64,
    10**30,
    0.5,
    1e16,
    -1e16,
    1e300,
)
_TEXTS = (
    "",
    " ",
    "s1",
    "s2",
    "en",
    "pt",
    "xx",
    "a",
    ".",
    "\0",
    "\n",
    "\u2028",
    "-->",
    "<b>",
    "é",
    "\U0001f600",
    "x" * 300,
)
_KNOWN = {
    "session_id": ("s1", "s2"),
    "session": ("s1", "s2", "K7F2QXA"),
    "code": ("k7f2qxa", "m4n5p6q"),
    "language": ("pt", "en", "pt", "es", "xx"),
    "source_language": ("en", "en", "pt", "xx"),
    "state": ("live", "paused", "live", "muted"),
}
_WRONG: tuple[Any, ...] = (None, True, [], {}, "", 1e300, [[]], {"a": 1})


class Source:
    """Reads bytes from front to back; beyond the last one all are zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def spent(self) -> bool:
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        """So many bytes, or fewer at the end."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._data))

    def below(self, limit: int) -> int:
        """0 to limit - 1, from a byte (or two)."""
        return int.from_bytes(self.take(1 if limit <= 256 else 2), "little") % limit

    def text(self) -> str:
        kind = self.below(4)
        if kind:
            return _TEXTS[self.below(len(_TEXTS))]
        return self.take(self.below(40)).decode("utf-8", "replace")

    def number(self) -> float:
        kind = self.below(32)
        if kind == 31:
            return _NUMBERS[self.below(len(_NUMBERS))]
        if kind == 30:
            return float(struct.unpack("<h", self.take(2).ljust(2, b"\0"))[0])
        return self.below(8) if kind % 2 else self.below(65_536)

    def value(self, kind: Any) -> Any:
        """JSON for a field of this type: one in 64 of any other."""
        return _WRONG[self.below(len(_WRONG))] if self.below(64) == 63 else self._fitting(kind)

    def _fitting(self, kind: Any) -> Any:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Literal:
            return arguments[self.below(len(arguments))]
        if origin in (types.UnionType, typing.Union):
            return self.value(arguments[self.below(len(arguments))])
        if origin is tuple:
            return [self.value(arguments[0]) for _ in range(self.below(6))]
        if origin is dict:
            return {self.text(): self.value(arguments[1]) for _ in range(self.below(4))}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return list(kind)[self.below(len(kind))].value
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(kind)
        if kind is str:
            return self.text()
        if kind is bool:
            return bool(self.below(2))
        if kind is int:
            number = self.number()
            return int(number)
        return self.number() if kind is float else None

    def struct(self, kind: type[msgspec.Struct]) -> dict[str, Any]:
        """JSON for a struct; fields with a default are left out now and then."""
        fields = msgspec.structs.fields(kind)
        tag = {} if kind.__struct_config__.tag is None else {"type": kind.__struct_config__.tag}
        return tag | {
            field.encode_name: self._named(field.name) or self.value(field.type)
            for field in fields
            if field.required or self.below(2)
        }

    def _named(self, name: str) -> str | None:
        """One of a few, so that records meet; any value in one of eight."""
        known = _KNOWN.get(name)
        chosen = self.below(8) if known else 7
        return known[chosen % len(known)] if known and chosen < 7 else None
