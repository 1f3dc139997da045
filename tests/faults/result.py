"""What came of a run, and whether that is what has to come of it."""

import msgspec

COUNTS = ("lost", "repeated", "reordered", "altered")
"""Must all be 0, whatever the fault."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The counts are findings of the auditor."""

    fault: str
    seed: int
    commit: str
    """What was tried; with a ``+``: and what was not committed."""
    tries: int = 1
    """The first may have missed its moment."""
    ran: tuple[str, ...]
    """The faults that happened, where several did."""
    spoken_words: int
    not_recognized: int | None = None
    """Spoken words that no recognized one stands for: the recognizer's errors, and what was lost."""
    lost: int
    repeated: int
    reordered: int
    altered: int
    told: int
    resent_frames: int
    normal_after_s: float
    worst_lag_s: float
    """Of captions, from the injection on."""
    worst_speech_lag_s: float
    beside: int | None
    """Findings and late captions in talks that the fault doesn't concern; None: it concerns all."""
    most_told: int | None
    """See ``Fault``, as the next."""
    normal_within_s: float | None

    @property
    def failing(self) -> frozenset[str]:
        """Names of those figures that are not as they have to be; none: all is well."""
        counts = {name for name in COUNTS if getattr(self, name)}
        if self.beside:
            counts.add("beside")
        if self.most_told is not None and self.told > self.most_told:
            counts.add("told")
        if self.normal_within_s is not None and self.normal_after_s > self.normal_within_s:
            counts.add("normal_after_s")
        return frozenset(counts)

    def __str__(self) -> str:
        told = "" if self.most_told is None else f" (at most {self.most_told})"
        normal = "" if self.normal_within_s is None else f" (at most {self.normal_within_s:g})"
        beside = "" if self.beside is None else f", {self.beside} in talks beside"
        ran = f" [{'; '.join(self.ran)}]" if self.ran else ""
        tries = "" if self.tries == 1 else ", at the second try"
        failing = f"; FAILED: {', '.join(sorted(self.failing))}" if self.failing else ""
        counts = ", ".join(f"{getattr(self, name)} {name}" for name in COUNTS)
        return (
            f"{self.fault}{ran}: {self.spoken_words} words, {counts}, {self.told} told{told}{beside}, "
            f"normal after {self.normal_after_s:.1f} s{normal}, captions up to {self.worst_lag_s:.1f} s late, "
            f"speech {self.worst_speech_lag_s:.1f}{tries}{failing}"
        )
