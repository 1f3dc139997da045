"""``make fuzz``: every target guided by coverage, for some seconds each. What is found is kept in ``out/fuzz``."""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import Target
from tests.fuzz.targets import ALL
from tests.interrupted import told_in_a_line

ROOT = Path(__file__).resolve().parents[2]
SLOW_S = 5
"""An input that takes longer is a finding too."""
_START_S = 60


@dataclass(frozen=True)
class Run:
    """What came of one target."""

    name: str
    executions: int
    coverage: int
    """Edges of the instrumented code that were taken."""
    finding: str
    """Empty: none."""


def fuzz(target: Target, seconds: int, folder: Path) -> Run:
    """Run one target for so long, beginning with its seeds and what was found worth keeping in earlier runs."""
    corpus = folder / "corpus" / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    command = [sys.executable, "-m", "tests.fuzz.guided", target.name, str(corpus)]
    limits = [f"-max_total_time={seconds}", f"-timeout={SLOW_S}", "-rss_limit_mb=0", "-max_len=4096"]
    kept = [f"-artifact_prefix={folder}/{target.name}-", "-print_final_stats=1"]
    done = subprocess.run(
        command + limits + kept, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=seconds + _START_S
    )
    said = done.stdout + done.stderr
    (folder / f"{target.name}.log").write_text(said, encoding="utf-8")
    executed = re.search(r"number_of_executed_units: (\d+)", said)
    covered = re.findall(r" cov: (\d+)", said)
    finding = "" if done.returncode == 0 else "\n".join(said.splitlines()[-40:])
    return Run(target.name, int(executed[1]) if executed else 0, int(covered[-1]) if covered else 0, finding)


def main() -> int:
    """The exit code: 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", nargs="+", choices=sorted(ALL), default=sorted(ALL), metavar="TARGET")
    told = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.exit("atheris is published for Linux on x86-64 alone; here the targets run with make test only")
    folder = ROOT / "out" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    found = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for run in pool.map(lambda name: fuzz(ALL[name], told.seconds, folder), told.only):
            print(f"{run.name:20}{run.executions:>12,} executions{run.coverage:>7} edges", flush=True)
            if run.finding:
                found = True
                print(f"{run.finding}\n{run.name}: found something; the input is in {folder.relative_to(ROOT)}")
    return int(found)


if __name__ == "__main__":
    with told_in_a_line():
        sys.exit(main())
