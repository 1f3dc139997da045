"""Inputs near others: what a fuzzer does, without its guidance."""

from random import Random

_TOKENS = (
    b"\0",
    b"\xff",
    b"\x80",
    b"[" * 500,
    b'"',
    b"{}",
    b"null",
    b"1e999",
    b"-1",
    b"9" * 40,
    b"\n\n",
    b"-->",
    b"\xed\xa0\x80",
)


def mutated(seed: bytes, random: Random) -> bytes:
    """The seed with a few bytes changed, put in, taken out, repeated."""
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randrange(len(data) + 1)
        match random.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << random.randrange(8)
            case 1 if data:
                data[at % len(data)] = random.randrange(256)
            case 2:
                data[at:at] = random.choice(_TOKENS)
            case 3:
                del data[at : at + random.randrange(1, 9)]
            case 4:
                data[at:at] = data[at : at + random.randrange(1, 33)]
            case _:
                data[at:at] = random.randbytes(random.randrange(1, 9))
    return bytes(data)
