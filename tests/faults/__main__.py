"""``make faults``: every fault in mid-talk, and the table of what came of it in ``docs/reliability.md``."""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from random import SystemRandom

from services.cli.stack import Platform, Ports, StackError
from tests.faults.faults import ALL
from tests.faults.faults.fault import Fault
from tests.faults.report import results_in, write_table
from tests.faults.run import WHOLE, run

_LIMIT_S = 3500.0
_LAST_START_S = 200.0
"""No run begins with less time left."""


def main() -> int:
    arguments = _arguments()
    into = arguments.into.resolve()
    faults = [fault for fault in ALL if arguments.only in fault.name]
    print(f"seed {arguments.seed}, {len(faults)} faults, into {into}", flush=True)
    complete = asyncio.run(_run_all(faults, arguments.seed, into))
    write_table(into)
    return 0 if complete and all(result.clean for result in results_in(into)) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="faults whose name has this in it")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000), help="decides when they happen")
    parser.add_argument(
        "--into",
        type=Path,
        default=Path("out") / f"faults-{datetime.now():%Y%m%d-%H%M%S}",
        metavar="FOLDER",
        help="where the records go; the table is made of all runs in it",
    )
    return parser.parse_args()


async def _run_all(faults: Sequence[Fault], seed: int, into: Path) -> bool:
    """Whether each came to an end."""
    began, complete = time.monotonic(), True
    async with Platform(ports=Ports.free(), data=into / "data", logs=into / "logs") as platform:
        for fault in faults:
            if time.monotonic() - began > _LIMIT_S - _LAST_START_S:
                print(f"{fault.name}: left out, the time is over", flush=True)
                complete = False
                continue
            try:
                result = await run(platform, fault, seed=seed, size=WHOLE, folder=into / f"{_slug(fault)}-{seed}")
            except (StackError, TimeoutError) as unable:
                print(f"{fault.name}: did not come to an end: {unable or type(unable).__name__}", flush=True)
                complete = False
                continue
            print(
                f"{fault.name}: {result.spoken_words} words, {result.lost} lost, {result.repeated} repeated, "
                f"{result.reordered} reordered, {result.altered} altered, {result.told} told, "
                f"normal after {result.normal_after_s:.1f} s",
                flush=True,
            )
    return complete


def _slug(fault: Fault) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in fault.name).split())


if __name__ == "__main__":
    raise SystemExit(main())
