"""Ctrl-C in the programs that are run from here by ``make``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_INTERRUPTED = 130


@contextmanager
def told_in_a_line(then: str = "") -> Iterator[None]:
    """End the program without a trace when it is interrupted. then: what can be done about it."""
    try:
        yield
    except KeyboardInterrupt:
        print("stopped" + (f": {then}" if then else ""), file=sys.stderr)  # noqa: T201 (a command)
        raise SystemExit(_INTERRUPTED) from None
