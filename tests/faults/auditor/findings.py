"""What can be wrong with a talk."""

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """Each is counted apart."""

    LOST = "lost"
    REPEATED = "repeated"
    REORDERED = "reordered"
    ALTERED = "altered"
    LATE = "late"
    """It came, but long after the words. Whether that is a fault depends on what happened meanwhile."""
    GIVEN_UP = "given up"
    """A listener could not have what was there; nobody else knows."""
    TOLD = "told"
    """Lost too, but whoever is concerned was told that it is: no silent loss."""
    UNHEARD = "unheard"
    """Told as well, but the service had it: no recognizer took it."""

    @property
    def broader(self) -> "Kind":
        """What it is for whoever doesn't tell the two apart."""
        return {Kind.GIVEN_UP: Kind.LOST, Kind.UNHEARD: Kind.TOLD}.get(self, self)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    where: str
    """Between which two stages, and whose: ``captured > audio``, ``audio > recognized``, ``pt: told > fetched``."""
    what: str
    words: int = 0
    """So many spoken or recognized words are concerned, where that can be said."""
    at_ms: float | None = None
    """When, by the wall clock, for what is late."""

    def __str__(self) -> str:
        return f"{self.kind:<9} {self.where}: {self.what}"
