"""The targets in brief: what a fuzzer begins with, and inputs near it, the same ones each time."""

from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.mutate import mutated
from tests.fuzz.target import Target
from tests.fuzz.targets import ALL

_NEAR = 40


@pytest.mark.parametrize("target", ALL.values(), ids=list(ALL))
def test_nothing_near_a_good_input_harms_who_reads_it(target: Target) -> None:
    random = Random(target.name)
    for seed in target.seeds:
        target.run(seed)
        for _ in range(_NEAR // len(target.seeds)):
            target.run(mutated(seed, random))


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is published for Linux on x86-64 alone")
def test_a_target_runs_guided_and_a_finding_is_kept(tmp_path: Path) -> None:
    run = fuzz(ALL["ogg-length"], 1, tmp_path)
    assert (run.executions > 100, run.coverage > 5, run.finding) == (True, True, "")
    assert list((tmp_path / "corpus" / "ogg-length").iterdir())
