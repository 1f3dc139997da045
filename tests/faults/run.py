"""One run: some talks, one fault at a moment that the seed decides, and what the auditor says of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec

from services.cli.stack import Platform
from tests.faults.auditor import Account, Kind, audit
from tests.faults.auditor.evidence import read
from tests.faults.driver import Moments, Talk, perform
from tests.faults.faults.fault import Fault

SPEECH = Path(__file__).parents[1] / "data" / "speech"
_NORMAL_MS = 1000.0
"""A lag is normal again when it is at most so much above the highest before the fault."""
_AROUND_MS = 5000.0
"""Words spoken so long after a fault may still be late because of it; later ones are late for another reason."""


@dataclass(frozen=True)
class Size:
    """How much is spoken in one run."""

    recordings: tuple[str, ...]
    hear: tuple[tuple[str, ...], ...]
    """For each recording, languages with a listener."""
    read: tuple[tuple[str, ...], ...]
    between_s: tuple[float, float]
    """When the fault begins; the seed decides."""
    afterwards_s: float
    """How long is still spoken when it is over."""


WHOLE = Size(
    recordings=("en-bush-columbia", "en-linda-babylon"),
    hear=(("pt",), ("es",)),
    read=(("es",), ()),
    between_s=(6.0, 10.0),
    afterwards_s=20.0,
)
"""Two talks at once, in two languages."""
SHORT = Size(
    recordings=("en-voxpopuli-ivory",), hear=(("pt",),), read=(("es",),), between_s=(6.0, 9.0), afterwards_s=14.0
)
"""What an ordinary test run has time for."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run; the counts are findings of the auditor."""

    fault: str
    seed: int
    spoken_words: int
    lost: int
    repeated: int
    reordered: int
    altered: int
    told: int
    resent_frames: int
    normal_after_s: float

    @property
    def clean(self) -> bool:
        """Nothing happened that nobody was told of."""
        return not (self.lost or self.repeated or self.reordered or self.altered)


async def run(platform: Platform, fault: Fault, *, seed: int, size: Size, folder: Path) -> Result:
    """Give the talks, audit them, leave record, account and result in the folder, which must be new."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    random = Random(f"{fault.name} {seed}")
    after_s = random.uniform(*size.between_s)
    talks = [
        Talk(SPEECH / f"{name}.flac", after_s + fault.takes_s + fault.lasts_s + size.afterwards_s, hear, reading)
        for name, hear, reading in zip(size.recordings, size.hear, size.read, strict=True)
    ]
    moments = await perform(platform, fault, talks, random=random, after_s=after_s, folder=folder)
    accounts = audit(read(folder))
    (folder / "account.txt").write_text("\n\n".join(map(str, accounts)) + "\n", encoding="utf-8")
    result = _result(fault, seed, accounts, moments)
    (folder / "result.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    return result


def _result(fault: Fault, seed: int, accounts: Sequence[Account], moments: Moments) -> Result:
    def count(kind: Kind) -> int:
        return sum(account.count(kind) for account in accounts)

    return Result(
        fault=fault.name,
        seed=seed,
        spoken_words=sum(account.spoken_words for account in accounts),
        lost=count(Kind.LOST),
        repeated=count(Kind.REPEATED),
        reordered=count(Kind.REORDERED),
        altered=count(Kind.ALTERED),
        told=count(Kind.TOLD),
        resent_frames=sum(account.resent_frames for account in accounts),
        normal_after_s=normal_after_s(accounts, moments),
    )


def normal_after_s(accounts: Sequence[Account], moments: Moments) -> float:
    """From the fault's end until the last listener's captions come as soon after the word as before."""
    return (
        max(0.0, *(_late_until_ms(lags, moments) for account in accounts for lags in account.caption_lags_ms.values()))
        / 1000
    )


def _late_until_ms(lags: Sequence[tuple[float, float]], moments: Moments) -> float:
    """When the last caption came of those that were late in a row, beginning with words of the fault's time."""
    limit_ms = max((lag for at_ms, lag in lags if at_ms < moments.injected_at_ms), default=0.0) + _NORMAL_MS
    late, until_ms = False, 0.0
    for at_ms, lag in lags:
        because_of_it = late or at_ms - lag <= moments.over_at_ms + _AROUND_MS
        if at_ms > moments.injected_at_ms and lag > limit_ms and because_of_it:
            late, until_ms = True, at_ms - moments.over_at_ms
        elif late and at_ms > moments.over_at_ms:
            break
    return until_ms
