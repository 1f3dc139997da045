"""How late captions and speech came, before, during and after a fault. Pure. Times are of the wall clock, in ms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.faults.auditor.evidence import Played, ToldCaption
from tests.faults.auditor.talk import Talk

_NORMAL_MS = 1000.0
"""A lag is normal again when it is at most so much above the highest before the fault."""
_USUAL_MS = 3000.0
"""Captions of talks in which nothing happens came up to 2.4 s after the word."""
_AROUND_MS = 5000.0
"""Words spoken so long after a fault may still be late because of it; later ones are late for another reason."""


@dataclass(frozen=True)
class Lag:
    """Of one caption, or of one clip."""

    at_ms: float
    """When it came, or began to be heard."""
    lag_ms: float
    """How long after the last sample of its span was captured."""
    failed: bool = False


@dataclass
class Moments:
    """Of a fault."""

    injected_at_ms: float = 0.0
    over_at_ms: float = 0.0


def caption_lags(talk: Talk) -> list[list[Lag]]:
    """Of each listener, in the order in which captions first came; none of marks of what is missing."""
    return [
        [_lag(talk, caption.at_ms, caption) for caption in _first(seen) if not caption.missing_ms]
        for language in talk.languages
        for seen in talk.listeners(language).values()
    ]


def speech_lags(talk: Talk) -> list[list[Lag]]:
    """Of each listener, of each clip that was heard."""
    lags = []
    for language in talk.languages:
        for seen in talk.listeners(language).values():
            captions = {caption.index: caption for caption in _first(seen)}
            heard = [line for line in seen if isinstance(line, Played) and line.index in captions]
            lags.append([_lag(talk, played.at_ms, captions[played.index]) for played in heard])
    return lags


def _first(seen: Iterable[object]) -> list[ToldCaption]:
    by_index: dict[int, ToldCaption] = {}
    for line in seen:
        if isinstance(line, ToldCaption):
            by_index.setdefault(line.index, line)
    return list(by_index.values())


def _lag(talk: Talk, at_ms: float, caption: ToldCaption) -> Lag:
    spoken_until_ms = talk.captured_at_ms(min(caption.end_ms, talk.floor_ms))
    return Lag(at_ms, at_ms - spoken_until_ms, caption.failed is not None)


def worst_s(listeners: Iterable[Sequence[Lag]], moments: Moments) -> float:
    """The longest lag from the injection on."""
    return (
        max((one.lag_ms for lags in listeners for one in lags if one.at_ms >= moments.injected_at_ms), default=0) / 1e3
    )


def normal_after_s(listeners: Iterable[Sequence[Lag]], moments: Moments) -> float:
    """From the fault's end until the last listener's captions come again, as soon after the word as before."""
    return max((_late_until_ms(lags, moments) for lags in listeners), default=0.0) / 1000


def _late_until_ms(lags: Sequence[Lag], moments: Moments) -> float:
    """When the last came of those captions in a row that were late or failed, from words of the fault's time on."""
    limit_ms = _highest_before(lags, moments) + _NORMAL_MS
    late, until_ms = False, 0.0
    for one in lags:
        because_of_it = late or _is_of_its_time(one, moments)
        if one.at_ms > moments.injected_at_ms and (one.failed or one.lag_ms > limit_ms) and because_of_it:
            late, until_ms = True, one.at_ms - moments.over_at_ms
        elif late and one.at_ms > moments.over_at_ms:
            break
    return max(0.0, until_ms)


def late_beside(listeners: Iterable[Sequence[Lag]], moments: Moments) -> int:
    """Captions of a talk that the fault doesn't concern which are late in its time all the same."""
    return sum(
        one.at_ms > moments.injected_at_ms
        and _is_of_its_time(one, moments)
        and one.lag_ms > max(_highest_before(lags, moments) + _NORMAL_MS, _USUAL_MS)
        for lags in listeners
        for one in lags
    )


def _highest_before(lags: Sequence[Lag], moments: Moments) -> float:
    return max((one.lag_ms for one in lags if one.at_ms < moments.injected_at_ms and not one.failed), default=0.0)


def _is_of_its_time(one: Lag, moments: Moments) -> bool:
    return one.at_ms - one.lag_ms <= moments.over_at_ms + _AROUND_MS
