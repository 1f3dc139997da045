"""One run: some talks, one fault at a moment that the seed decides, and what the auditor says of it."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import TypeVar

import msgspec

from services.cli.stack import Platform
from tests.faults.auditor import Account, Kind, audit
from tests.faults.auditor.evidence import read
from tests.faults.auditor.talk import of_each_session
from tests.faults.driver import Given, Talk, perform
from tests.faults.faults import EACH
from tests.faults.faults.fault import Fault
from tests.faults.lags import CAPTIONS_MS, SPEECH_MS, caption_lags, late_beside, normal, speech_lags, worst_s
from tests.faults.result import Result
from tests.faults.scene import Harmless

SPEECH = Path(__file__).parents[1] / "data" / "speech"
_LAST_WORDS_S = 2.0
"""Of a talk whose end is what a fault is about: so much is still said when it begins."""
_PAGE = "docs/reliability.md"
_BY_NAME = {fault.name: fault for fault in EACH}

T = TypeVar("T")
N = TypeVar("N", int, float)


@dataclass(frozen=True)
class Size:
    """How much is spoken in one run."""

    recordings: tuple[str, ...]
    hear: tuple[tuple[str, ...], ...]
    """For each recording, languages with a listener."""
    read: tuple[tuple[str, ...], ...]
    talks: int
    """So many of them, where the fault concerns all; where it concerns the first alone, all of them."""
    between_s: tuple[float, float]
    """When the fault begins; the seed decides."""
    afterwards_s: float
    """How long is still spoken when it is over."""


WHOLE = Size(
    recordings=("en-bush-columbia", "en-linda-babylon"),
    hear=(("pt",), ("es",)),
    read=(("es",), ()),
    talks=2,
    between_s=(5.0, 8.0),
    afterwards_s=18.0,
)
"""Two talks at once, in two languages. In recorded runs it took up to 18 s until enough was seen to be as before."""
SHORT = Size(
    recordings=("en-voxpopuli-ivory", "en-linda-babylon"),
    hear=(("pt",), ()),
    read=(("es",), ("es",)),
    talks=1,
    between_s=(6.0, 9.0),
    afterwards_s=14.0,
)
"""What an ordinary test run has time for."""


async def run(platform: Platform, fault: Fault, *, seed: int, size: Size, folder: Path) -> Result:
    """Give the talks, audit them, leave record, account and result in the folder, which must be new.

    A fault that missed its moment is tried once more, at another. Raises Harmless if that one was missed too.
    """
    return await once_more(lambda tries: _run(platform, fault, seed, tries, size, folder), fault.name)


async def once_more(attempt: Callable[[int], Awaitable[T]], what: str) -> T:
    """The first, or where it was Harmless the second attempt. It is given its number."""
    try:
        return await attempt(1)
    except Harmless as missed:
        print(f"{what}: missed its moment ({missed}), once more at another", flush=True)
        return await attempt(2)


async def _run(platform: Platform, fault: Fault, seed: int, tries: int, size: Size, folder: Path) -> Result:
    if tries > 1:
        await asyncio.to_thread(rmtree, folder)
    await asyncio.to_thread(folder.mkdir, parents=True)
    random = Random(f"{fault.name} {seed}" if tries == 1 else f"{fault.name} {seed} {tries}")
    after_s = random.uniform(*size.between_s)
    goes_on_s = _LAST_WORDS_S if fault.at_the_end else fault.longer_s + size.afterwards_s
    talks = [
        Talk(SPEECH / f"{name}.flac", after_s + goes_on_s, hear, reading)
        for name, hear, reading in zip(size.recordings, size.hear, size.read, strict=True)
    ][: None if fault.of_one_talk else size.talks]
    given = await perform(platform, fault, talks, random=random, after_s=after_s, folder=folder)
    result = _result(fault, seed, tries, given, folder)
    (folder / "result.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    return result


def _result(fault: Fault, seed: int, tries: int, given: Given, folder: Path) -> Result:
    lines = read(folder)
    accounts = audit(lines)
    (folder / "account.txt").write_text("\n\n".join(map(str, accounts)) + "\n", encoding="utf-8")
    beside = given.sessions[1:] if fault.of_one_talk else ()
    concerned = [account for account in accounts if account.session not in beside]
    talks = of_each_session(lines)
    captions = [lags for talk in talks if talk.session not in beside for lags in caption_lags(talk)]
    speeches = [lags for talk in talks if talk.session not in beside for lags in speech_lags(talk)]
    late = sum(late_beside(caption_lags(talk), given.moments) for talk in talks if talk.session in beside)
    found = sum(len(account.findings) for account in accounts if account.session in beside)
    normal_captions = normal(captions, given.moments, CAPTIONS_MS)
    normal_speech = normal(speeches, given.moments, SPEECH_MS)
    seen = {"normal_after_s": normal_captions.seen, "speech_normal_after_s": normal_speech.seen}
    faults = [_BY_NAME[name] for name in given.ran] or [fault]
    allowed = [(len(concerned) if one.of_one_talk else 1, one) for one in faults]
    return Result(
        fault=fault.name,
        seed=seed,
        commit=commit(),
        tries=tries,
        ran=tuple(given.ran),
        spoken_words=sum(account.spoken_words for account in accounts),
        not_recognized=sum(account.words_not_recognized for account in accounts),
        lost=_count(concerned, Kind.LOST),
        repeated=_count(concerned, Kind.REPEATED),
        reordered=_count(concerned, Kind.REORDERED),
        altered=_count(concerned, Kind.ALTERED),
        told=_count(concerned, Kind.TOLD),
        resent_frames=sum(account.resent_frames for account in accounts),
        normal_after_s=normal_captions.after_s,
        speech_normal_after_s=normal_speech.after_s,
        unsettled=tuple(name for name, enough in seen.items() if not enough),
        worst_lag_s=worst_s(captions, given.moments),
        worst_speech_lag_s=worst_s(speeches, given.moments),
        beside=found + late if beside else None,
        most_told=sum(each * one.most_told for each, one in allowed),
        missing_s=sum(account.missing_ms for account in concerned) / 1000,
        most_missing_s=sum(each * one.most_missing_s for each, one in allowed),
        normal_within_s=together([one.normal_within_s for one in faults]),
        speech_normal_within_s=together([one.speech_normal_within_s for one in faults]),
    )


def _count(accounts: Sequence[Account], kind: Kind) -> int:
    return sum(account.count(kind) for account in accounts)


def together(bounds: Sequence[N | None]) -> N | None:
    """What several faults may, one after the other: the sum; None where one of them has no bound."""
    known = [bound for bound in bounds if bound is not None]
    return sum(known[1:], start=known[0]) if len(known) == len(bounds) else None


@cache
def commit() -> str:
    """What is tried: its short name, with a ``+`` where more has been changed since than the page that is written."""
    known = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    if known.returncode:
        return "unknown"
    changed = subprocess.run(
        ("git", "status", "--porcelain", "--", ":/", f":(exclude,top){_PAGE}"),
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return known.stdout.strip() + ("+" if changed.stdout else "")
