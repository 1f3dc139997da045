"""The table of ``docs/reliability.md``, made of what runs left."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.faults.faults import ALL
from tests.faults.run import Result

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- faults:begin -->\n", "<!-- faults:end -->\n"
_HEAD = """\
| fault | runs | words spoken | lost | repeated | reordered | altered | told | seconds to normal | seeds |
|---|---|---|---|---|---|---|---|---|---|
"""


def results_in(folder: Path) -> list[Result]:
    """Of all runs in a folder."""
    return [msgspec.json.decode(path.read_bytes(), type=Result) for path in sorted(folder.glob("*/result.json"))]


def write_table(folder: Path) -> None:
    """Replace the page's table by one of the runs in this folder."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(before + _BEGIN + table(results_in(folder)) + _END + after, encoding="utf-8")


def table(results: Sequence[Result]) -> str:
    """A row for each fault that was tried, in the order of the faults."""
    rows = []
    for fault in ALL:
        of_it = [result for result in results if result.fault == fault.name]
        if of_it:
            rows.append(_row(of_it))
    return _HEAD + "".join(rows)


def _row(results: Sequence[Result]) -> str:
    counts = [
        sum(getattr(result, name) for result in results)
        for name in ("spoken_words", "lost", "repeated", "reordered", "altered", "told")
    ]
    normal = sorted(result.normal_after_s for result in results)
    seconds = f"{normal[-1]:.0f}" if len(normal) == 1 else f"{normal[0]:.0f}-{normal[-1]:.0f}"
    seeds = ", ".join(str(result.seed) for result in results)
    cells = [results[0].fault, str(len(results)), *map(str, counts), seconds, seeds]
    return f"| {' | '.join(cells)} |\n"
