"""What every numbered thing must be: there once, in order, without a gap."""

from collections.abc import Iterator, Sequence

from tests.faults.auditor.findings import Finding, Kind


def gapless(where: str, what: str, indexes: Sequence[int]) -> Iterator[Finding]:
    """Indexes in the order in which they came, from 0 on."""
    seen: set[int] = set()
    for index in indexes:
        if index in seen:
            yield Finding(Kind.REPEATED, where, f"{what} {index}")
        elif index < max(seen, default=-1):
            yield Finding(Kind.REORDERED, where, f"{what} {index} came after {max(seen)}")
        seen.add(index)
    for index in range(max(seen, default=-1)):
        if index not in seen:
            yield Finding(Kind.LOST, where, f"{what} {index}")
