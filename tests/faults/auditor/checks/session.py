"""What is told of the session itself: that it was live, that it ended, who listened."""

from collections.abc import Iterator

from tests.faults.auditor.evidence import Audience, Joined, State
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk


def check(talk: Talk) -> Iterator[Finding]:
    """What is wrong on ``sessions`` and ``audience``."""
    states = [state.state for state in talk.of(State)]
    if "live" not in states:
        yield Finding(Kind.LOST, "sessions", "that it is live")
    if "ended" not in states:
        yield Finding(Kind.LOST, "sessions", "that it has ended")
    elif states[-1] != "ended":
        yield Finding(Kind.REORDERED, "sessions", f"{states[-1]} after the end")
    for language in talk.languages:
        counts = [audience for audience in talk.of(Audience) if audience.language == language]
        joined = [line for seen in talk.listeners(language).values() for line in seen if isinstance(line, Joined)]
        listening = {line.listener for line in joined}
        hearing = {line.listener for line in joined if line.hear}
        if max((count.listeners for count in counts), default=0) < len(listening):
            yield Finding(Kind.LOST, "audience", f"listeners of {language}")
        if max((count.hearing for count in counts), default=0) < len(hearing):
            yield Finding(Kind.LOST, "audience", f"those who hear {language}")
