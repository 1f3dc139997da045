"""What a fuzzer needs to know of a parser."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """``run`` raises for what must not be, and nothing for anything that the parser may refuse."""

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    """Inputs to begin with: what a well-behaved peer sends."""
