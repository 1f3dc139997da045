"""Errors of the engines and stores say what the caller may do next; the cause is always chained."""

import errno
from collections.abc import Iterator

_EXHAUSTED = (errno.ENOMEM, errno.EMFILE, errno.ENFILE)


def causes(fault: BaseException) -> Iterator[BaseException]:
    """What a TaskGroup's failure consists of, groups within groups opened; a single fault is its own cause."""
    if isinstance(fault, BaseExceptionGroup):
        for part in fault.exceptions:
            yield from causes(part)
    else:
        yield fault


class EngineError(Exception):
    """An engine (recognizer, translator, synthesizer) did not do its work."""


class EngineUnavailable(EngineError):
    """It may work later: throttled, timed out, died. Retry within the caller's time."""


class Overloaded(EngineUnavailable):
    """Its quota is used up: go on without, since trying again would only add to what waits."""


class EngineLoading(EngineUnavailable):
    """It is being made ready for this: ask again in a moment. That time is not the caller's own."""


class EngineRejected(EngineError):
    """It will never take this input: mark the result as failed and go on."""


class RecordRefused(Exception):
    """A record's content is nothing to work with, now or later: set it aside and go on with the next."""


class Fatal(Exception):
    """This process can't be trusted to go on (fenced, stuck): end it, its supervisor starts it again."""


def ends_process(fault: BaseException) -> bool:
    """Whether only another process can go on after this. Any other fault is that of the work in hand alone."""
    return any(
        not isinstance(cause, Exception)
        or isinstance(cause, (Fatal, MemoryError))
        or (isinstance(cause, OSError) and cause.errno in _EXHAUSTED)
        for cause in causes(fault)
    )


def told(fault: BaseException) -> str:
    """What a fault is, for a log or a dead letter: of a group, its first cause."""
    cause = next(causes(fault))
    return f"{type(cause).__name__}: {cause}"
