"""What can be wrong with a talk."""

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """Each is counted apart."""

    LOST = "lost"
    REPEATED = "repeated"
    REORDERED = "reordered"
    ALTERED = "altered"
    TOLD = "told"
    """Lost too, but speaker or listeners were told that it is: no silent loss."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    where: str
    """Between which two stages, and whose: ``captured > audio``, ``audio > recognized``, ``pt: told > fetched``."""
    what: str
    words: int = 0
    """So many spoken or recognized words are concerned, where that can be said."""

    def __str__(self) -> str:
        return f"{self.kind:<9} {self.where}: {self.what}"
