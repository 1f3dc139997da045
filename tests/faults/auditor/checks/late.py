"""In time: captions read and speech heard soon after the words."""

from collections.abc import Iterator

from tests.faults.auditor.evidence import Played, ToldCaption
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk

_CAPTION_MS = 6000.0
"""What the system itself calls late. In a run without a fault the latest came after 2.4 s."""
_SPEECH_MS = 8000.0
"""Speech is made after its caption and heard after what was said before: 3.9 s at most without a fault."""


def check(talk: Talk) -> Iterator[Finding]:
    """What came late to whom, and when. From the last sample of the span; only the first time counts."""
    for language in talk.languages:
        spans = {caption.index: caption.end_ms for caption in talk.captions(language)}
        for listener, seen in talk.listeners(language).items():
            came: set[tuple[type, int]] = set()
            for line in seen:
                if not isinstance(line, ToldCaption | Played) or (type(line), line.index) in came:
                    continue
                came.add((type(line), line.index))
                what, stage, limit_ms = (
                    ("caption", "announced", _CAPTION_MS)
                    if isinstance(line, ToldCaption)
                    else ("clip", "played", _SPEECH_MS)
                )
                if line.index not in spans:
                    continue
                lag_ms = talk.lag_ms(spans[line.index], line.at_ms)
                if lag_ms > limit_ms:
                    told = f"{what} {line.index} came {lag_ms / 1000:.1f} s after its words"
                    yield Finding(Kind.LATE, f"{listener}: spoken > {stage}", told, at_ms=line.at_ms)
