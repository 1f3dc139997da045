"""How late captions and speech came, before, during and after a fault. Pure. Times are of the wall clock, in ms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.faults.auditor.evidence import Joined, Played, ToldCaption, ToldSpeech
from tests.faults.auditor.talk import Talk

_NORMAL_MS = 1000.0
"""A lag is normal when it is at most so much above the highest before the fault."""
CAPTIONS_MS = 3000.0
"""Or when it is no longer than this: captions of talks in which nothing happens came up to 2.4 s after the word, and up
to 2.0 s later than the few that came before the moment of a fault."""
SPEECH_MS = 8000.0
"""The same of a clip: what the auditor calls late. Without a fault clips are heard after up to 3.9 s; but while less
than 4 s of them wait to be heard, no player hurries."""
_IN_A_ROW = 3
"""So many in a row have to be normal. In 142 recorded runs, after one or two that were, eight had late ones of what was
still to be made up for; after three, only single ones like those of talks in which nothing happens."""
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


class Normal(NamedTuple):
    """When all is as before."""

    after_s: float
    """From the fault's end until the last that was late or failed because of it."""
    seen: bool
    """Whether enough were normal after that, at each listener. If not, it may be later, or never."""


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
    """Of each listener who wants to hear, of each clip that was heard or could not be made."""
    return [
        _speech(talk, seen)
        for language in talk.languages
        for seen in talk.listeners(language).values()
        if any(isinstance(line, Joined) and line.hear for line in seen)
    ]


def _speech(talk: Talk, seen: Sequence[object]) -> list[Lag]:
    captions = {caption.index: caption for caption in _first(seen)}
    came: dict[int, Played | ToldSpeech] = {}
    for line in seen:
        if isinstance(line, Played) or (isinstance(line, ToldSpeech) and line.failed):
            came.setdefault(line.index, line)
    lags = [
        Lag(line.at_ms, talk.lag_ms(captions[index].end_ms, line.at_ms), failed=isinstance(line, ToldSpeech))
        for index, line in came.items()
        if index in captions
    ]
    return sorted(lags, key=lambda lag: lag.at_ms)


def _first(seen: Iterable[object]) -> list[ToldCaption]:
    by_index: dict[int, ToldCaption] = {}
    for line in seen:
        if isinstance(line, ToldCaption):
            by_index.setdefault(line.index, line)
    return list(by_index.values())


def _lag(talk: Talk, at_ms: float, caption: ToldCaption) -> Lag:
    return Lag(at_ms, talk.lag_ms(caption.end_ms, at_ms), caption.failed is not None)


def worst_s(listeners: Iterable[Sequence[Lag]], moments: Moments) -> float:
    """The longest lag from the injection on."""
    return (
        max((one.lag_ms for lags in listeners for one in lags if one.at_ms >= moments.injected_at_ms), default=0) / 1e3
    )


def normal(listeners: Iterable[Sequence[Lag]], moments: Moments, usual_ms: float) -> Normal:
    """When what comes to the last listener comes as soon after the word as before. usual_ms: see ``CAPTIONS_MS``."""
    each = [_normal(lags, moments, usual_ms) for lags in listeners]
    return Normal(max((one.after_s for one in each), default=0.0), all(one.seen for one in each))


def _normal(lags: Sequence[Lag], moments: Moments, usual_ms: float) -> Normal:
    """From the words of the fault's time on. What was said before its end and came soon proves nothing."""
    limit_ms = max(_highest_before(lags, moments) + _NORMAL_MS, usual_ms)
    until_ms: float | None = None
    in_a_row = 0
    for one in lags:
        if one.at_ms <= moments.injected_at_ms:
            continue
        because_of_it = until_ms is not None or _is_of_its_time(one, moments)
        if (one.failed or one.lag_ms > limit_ms) and because_of_it:
            until_ms, in_a_row = one.at_ms, 0
        elif one.at_ms - one.lag_ms > moments.over_at_ms:
            in_a_row += 1
            if in_a_row == _IN_A_ROW:
                break
    after_s = max(0.0, (until_ms or 0.0) - moments.over_at_ms) / 1000
    return Normal(after_s, in_a_row == _IN_A_ROW)


def late_beside(listeners: Iterable[Sequence[Lag]], moments: Moments) -> int:
    """Captions of a talk that the fault doesn't concern which are late in its time all the same."""
    return sum(
        one.at_ms > moments.injected_at_ms
        and _is_of_its_time(one, moments)
        and one.lag_ms > max(_highest_before(lags, moments) + _NORMAL_MS, CAPTIONS_MS)
        for lags in listeners
        for one in lags
    )


def _highest_before(lags: Sequence[Lag], moments: Moments) -> float:
    return max((one.lag_ms for one in lags if one.at_ms < moments.injected_at_ms and not one.failed), default=0.0)


def _is_of_its_time(one: Lag, moments: Moments) -> bool:
    return one.at_ms - one.lag_ms <= moments.over_at_ms + _AROUND_MS
