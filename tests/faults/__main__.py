"""``make faults``: every fault in mid-talk, and the table of what came of it in ``docs/reliability.md``.

It can be done in pieces: ``--into FOLDER`` again goes on where the folder stands, with its seed.
"""

import argparse
import asyncio
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from random import SystemRandom

from services.cli.stack import Platform, StackError
from tests.faults.faults import ALL
from tests.faults.faults.fault import Fault
from tests.faults.grounds import GROUNDS
from tests.faults.report import results_in, write_table
from tests.faults.run import SHORT, WHOLE, Size, run
from tests.faults.scene import Harmless
from tests.interrupted import told_in_a_line

_LIMIT_S = 3900.0
_AROUND_S = sum(WHOLE.between_s) / 2 + WHOLE.afterwards_s + 10.0
"""What a run takes besides its fault: talk, start and stop of the services, account."""


def main() -> int:
    arguments = _arguments()
    wanted = [fault for fault in ALL if not arguments.only or any(text in fault.name for text in arguments.only)]
    if arguments.list:
        print("\n".join(f"{fault.name:<64}{_bounds(fault)}" for fault in wanted))
        return 0
    into: Path = arguments.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    seed = _seed(into, arguments.seed)
    had = {(result.fault, result.seed) for result in results_in(into)}
    faults = [fault for fault in wanted if (fault.name, seed) not in had]
    print(
        f"seed {seed}, {len(faults)} of {len(wanted)} faults, about {_minutes(faults):.0f} min, into {into}", flush=True
    )
    size = SHORT if arguments.short else WHOLE
    with told_in_a_line(f"--into {into} goes on from here"):
        complete = asyncio.run(Whole(seed, into, size, arguments.minutes * 60).all_of(faults))
    if not (arguments.no_page or arguments.short):
        write_table(into)
    return 0 if complete and not any(result.failing for result in results_in(into)) else 1


def _bounds(fault: Fault) -> str:
    parts = [f"{fault.most_told} told", *([f"{fault.most_missing_s:g} s missing"] if fault.most_missing_s else [])]
    for what, within_s in (("normal", fault.normal_within_s), ("speech", fault.speech_normal_within_s)):
        parts += [] if within_s is None else [f"{what} within {within_s:g} s"]
    return ", ".join(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="TEXT", help="faults whose name has this in it; repeatable")
    parser.add_argument("--list", action="store_true", help="name the faults and what may come of each, and do nothing")
    parser.add_argument("--seed", type=int, help="decides when they happen; default: the folder's, else a random one")
    parser.add_argument(
        "--into",
        "--resume",
        type=Path,
        default=Path("out") / f"faults-{datetime.now():%Y%m%d-%H%M%S}",
        metavar="FOLDER",
        help="where the records go; faults that have a result there are passed over, the table is made of all of them",
    )
    parser.add_argument("--minutes", type=float, default=_LIMIT_S / 60, help="no run begins that would end later")
    parser.add_argument(
        "--short", action="store_true", help="one short talk a run: to try faults out, not for the page"
    )
    parser.add_argument("--no-page", action="store_true", help="leave docs/reliability.md as it is")
    return parser.parse_args()


def _seed(into: Path, wanted: int | None) -> int:
    """The one that is wanted, else that of the folder's earlier runs, else a new one."""
    file = into / "seed"
    seed = (
        wanted if wanted is not None else int(file.read_text()) if file.exists() else SystemRandom().randrange(10_000)
    )
    file.write_text(str(seed))
    return seed


def _lasts_s(fault: Fault) -> float:
    return _AROUND_S + fault.longer_s


def _minutes(faults: Sequence[Fault]) -> float:
    return sum(map(_lasts_s, faults)) / 60


@dataclass
class Whole:
    """All that is to be tried in one go."""

    seed: int
    into: Path
    size: Size
    limit_s: float

    async def all_of(self, faults: Sequence[Fault]) -> bool:
        """Whether each came to an end. Those on the same ground follow each other."""
        began, left, complete = time.monotonic(), list(faults), True
        for ground, of_it in _by_ground(faults):
            folder = self.into / f"platform-{ground}-{datetime.now():%H%M%S}".replace(" ", "-")
            async with AsyncExitStack() as opened:
                platform: Platform | None = None  # not before there is something to do on it
                for fault in of_it:
                    left.remove(fault)
                    if time.monotonic() - began + _lasts_s(fault) > self.limit_s:
                        print(f"{fault.name}: left out, the time is over", flush=True)
                        complete = False
                        continue
                    if platform is None:
                        platform = await opened.enter_async_context(GROUNDS[ground](folder))
                    complete = await self._one(platform, fault) and complete
                    passed = (time.monotonic() - began) / 60
                    print(
                        f"  {passed:.1f} min gone, {len(left)} faults and about {_minutes(left):.0f} min left",
                        flush=True,
                    )
        return complete

    async def _one(self, platform: Platform, fault: Fault) -> bool:
        folder = self.into / f"{_slug(fault)}-{self.seed}"
        if folder.exists():  # of a run that came to no end
            await asyncio.to_thread(shutil.rmtree, folder)
        try:
            result = await run(platform, fault, seed=self.seed, size=self.size, folder=folder)
        except (StackError, TimeoutError, Harmless) as unable:
            print(f"{fault.name}: did not come to an end: {type(unable).__name__} {unable}", flush=True)
            return False
        print(result, flush=True)
        return True


def _by_ground(faults: Sequence[Fault]) -> Iterator[tuple[str, list[Fault]]]:
    order = list(GROUNDS)
    by_ground = sorted(faults, key=lambda fault: order.index(fault.ground))
    for ground, of_it in groupby(by_ground, key=lambda fault: fault.ground):
        yield ground, list(of_it)


def _slug(fault: Fault) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in fault.name).split())


if __name__ == "__main__":
    raise SystemExit(main())
