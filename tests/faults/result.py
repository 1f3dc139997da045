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
    """Of captions; see ``lags.Normal``."""
    speech_normal_after_s: float
    unsettled: tuple[str, ...] = ()
    """Names of those of the two figures after which it wasn't seen that all was as before."""
    worst_lag_s: float
    """Of captions, from the injection on."""
    worst_speech_lag_s: float
    beside: int | None
    """Findings and late captions in talks that the fault doesn't concern; None: it concerns all."""
    most_told: int
    """See ``Fault``, as those below."""
    missing_s: float
    """Length of the floor audio that is marked as missing."""
    most_missing_s: float
    normal_within_s: float | None
    speech_normal_within_s: float | None

    @property
    def failing(self) -> frozenset[str]:
        """Names of those figures that are not as they have to be; none: all is well."""
        counts = {name for name in COUNTS if getattr(self, name)}
        if self.beside:
            counts.add("beside")
        if self.told > self.most_told or self.missing_s > self.most_missing_s:
            counts.add("told")
        for name, (after_s, within_s) in self.normal.items():
            if within_s is not None and (after_s > within_s or name in self.unsettled):
                counts.add(name)
        return frozenset(counts)

    @property
    def normal(self) -> dict[str, tuple[float, float | None]]:
        """By name of the figure: seconds until all was as before, and in how many it has to be."""
        return {
            "normal_after_s": (self.normal_after_s, self.normal_within_s),
            "speech_normal_after_s": (self.speech_normal_after_s, self.speech_normal_within_s),
        }

    def __str__(self) -> str:
        beside = "" if self.beside is None else f", {self.beside} in talks beside"
        ran = f" [{'; '.join(self.ran)}]" if self.ran else ""
        tries = "" if self.tries == 1 else ", at the second try"
        failing = f"; FAILED: {', '.join(sorted(self.failing))}" if self.failing else ""
        counts = ", ".join(f"{getattr(self, name)} {name}" for name in COUNTS)
        return (
            f"{self.fault}{ran}: {self.spoken_words} words, {counts}, {self.told} told (at most {self.most_told}), "
            f"{self.missing_s:.1f} s missing (at most {self.most_missing_s:g}){beside}, "
            f"captions normal after {self._normal('normal_after_s')}, speech {self._normal('speech_normal_after_s')}, "
            f"captions up to {self.worst_lag_s:.1f} s late, speech {self.worst_speech_lag_s:.1f}{tries}{failing}"
        )

    def _normal(self, name: str) -> str:
        after_s, within_s = self.normal[name]
        never = ", or later" if name in self.unsettled else ""
        return f"{after_s:.1f} s{never}" + ("" if within_s is None else f" (at most {within_s:g})")
