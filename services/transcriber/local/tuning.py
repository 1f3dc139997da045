"""Thresholds of the local recognizer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """When to decode, and how much. Seconds."""

    step_s: float = 0.6
    """New speech between two decodes."""
    endpoint_s: float = 0.35
    """Silence that ends a stretch of speech."""
    context_s: float = 5.0
    """Audio of final words kept in front of the window, so that words after a pause are not heard out of the blue."""
    quiet_s: float = 2.0
    """Silence after which the context is of no more use."""
    trim_s: float = 10.0
    """A window longer than this loses the beginning whose words are final."""
    longest_s: float = 20.0
    """A window that grew to this without any final word is taken as it is."""
    sure: float = 0.7
    """A word of this probability needs no second hypothesis to agree ..."""
    margin_s: float = 0.2
    """... once the audio goes on this long after it: what comes next may still change it."""
    behind_s: float = 4.0
    """Audio that may wait for a decode before ``feed`` waits."""
