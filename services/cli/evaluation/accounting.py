"""Was every word said once? Proven from outside: the transcript against what a listener received."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.cli.clients.notices import CaptionNotice
from services.common.contracts import Word


@dataclass(frozen=True)
class Account:
    """All zero when every final word reached the listener once, in order."""

    lost: int
    """Final words that no segment covers."""
    repeated: int
    """Final words that more than one segment covers."""
    out_of_order: int
    """Segments that arrived after one with a higher index, or that begin before it ends."""
    missing_segments: int
    """Indexes that never arrived."""

    @property
    def clean(self) -> bool:
        """Nothing to complain of."""
        return not (self.lost or self.repeated or self.out_of_order or self.missing_segments)


def account(words: Sequence[Word], received: Sequence[CaptionNotice], segments: int | None) -> Account:
    """received: captions as they arrived; segments: how many the notifier says there were, if it said so."""
    middles = [(word.start_ms + word.end_ms) / 2 for word in words]
    highest, reached_ms, disorder = -1, 0.0, 0
    for caption in received:
        disorder += caption.index < highest or caption.start_ms < reached_ms
        highest, reached_ms = max(highest, caption.index), max(reached_ms, caption.end_ms)
    indexes = {caption.index for caption in received}
    expected = max(segments or 0, highest + 1)
    return Account(
        lost=sum(not any(c.start_ms <= middle <= c.end_ms for c in received) for middle in middles),
        repeated=sum(sum(c.start_ms < middle < c.end_ms for c in received) > 1 for middle in middles),
        out_of_order=disorder,
        missing_segments=sum(index not in indexes for index in range(expected)),
    )
