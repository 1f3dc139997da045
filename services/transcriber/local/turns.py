"""Where speech begins and ends, from the probabilities of a voice activity detector. Pure."""

from dataclasses import dataclass

from services.common.contracts import SAMPLE_RATE

_SPEECH = 0.5
"""Probability at which speech begins, and below which, with a margin, it is silence again."""
_SILENCE = 0.35
LEAD_SAMPLES = SAMPLE_RATE // 5
"""Speech begins a little before it is noticed."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of speech that has ended: from where it began to where its endpoint was noticed."""

    onset: int
    end: int


@dataclass
class Turns:
    """Fed window by window. Positions are in samples of floor audio."""

    endpoint_samples: int
    """This much silence ends a stretch of speech."""
    heard: int
    """End of the last window."""
    onset: int | None = None
    """Where the stretch of speech that is going on began, lead included; None in silence."""
    ended: Stretch | None = None
    """Speech that has ended, until somebody takes it."""
    silence: int = 0
    """How long the silence at the end has lasted."""

    @property
    def begun(self) -> int | None:
        """Where the earliest speech began that nobody has taken and that may be going on."""
        return self.onset if self.ended is None else self.ended.onset

    def hear(self, samples: int, probability: float) -> None:
        """One more window of so many samples."""
        begin, self.heard = self.heard, self.heard + samples
        speaking = probability > (_SPEECH if self.onset is None else _SILENCE)
        self.silence = 0 if speaking else self.silence + samples
        if self.onset is None and speaking:
            self.onset = begin - LEAD_SAMPLES
        elif self.onset is not None and self.silence >= self.endpoint_samples:
            self.end()

    def end(self) -> None:
        """The stretch is over, by silence or because no more is coming. One that nobody took yet becomes part of it."""
        if self.onset is not None and self.begun is not None:
            self.ended, self.onset = Stretch(self.begun, self.heard), None

    def take(self) -> Stretch | None:
        """The speech that has ended, once."""
        taken, self.ended = self.ended, None
        return taken
