"""From stage to stage, in the order of the flow: what is here that wasn't before, and the other way round."""

from collections.abc import Callable, Iterator

from tests.faults.auditor.checks import floor, lanes, late, listeners, missing, session, transcript
from tests.faults.auditor.findings import Finding
from tests.faults.auditor.talk import Talk

ALL: tuple[Callable[[Talk], Iterator[Finding]], ...] = (
    floor.check,
    transcript.check,
    missing.check,
    lanes.check,
    listeners.check,
    late.check,
    session.check,
)
