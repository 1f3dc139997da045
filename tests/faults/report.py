"""The table of ``docs/reliability.md``, made of what runs left."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tests.faults.faults import ALL
from tests.faults.result import COUNTS, Result

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- faults:begin -->\n", "<!-- faults:end -->\n"
_COLUMNS = (
    "fault",
    "runs",
    "words spoken",
    "not recognized",
    *COUNTS,
    "told (at most)",
    "beside",
    "captions normal after, s (at most)",
    "speech normal after, s (at most)",
    "captions late, s",
    "speech late, s",
    "seeds",
)


def results_in(folder: Path) -> list[Result]:
    """Of all runs in a folder."""
    return [msgspec.json.decode(path.read_bytes(), type=Result) for path in sorted(folder.glob("*/result.json"))]


def write_table(folder: Path) -> None:
    """Replace the page's table by one of the runs in this folder."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(before + _BEGIN + table(results_in(folder)) + _END + after, encoding="utf-8")


def table(results: Sequence[Result]) -> str:
    """A row for each fault that was tried, in the order of the faults; in bold what should not be so."""
    by_fault = [[result for result in results if result.fault == fault.name] for fault in ALL]
    commits = {result.commit for result in results}
    columns = _COLUMNS if len(commits) <= 1 else (*_COLUMNS, "commit")
    head = f"{_sums(results)}{f', all at commit `{commits.pop()}`' if len(commits) == 1 else ''}.\n\n"
    rows = [_row(of_it)[: len(columns)] for of_it in by_fault if of_it]
    lines = [" | ".join(columns), "|".join(["---"] * len(columns)), *(" | ".join(row) for row in rows)]
    return head + "".join(f"| {line} |\n" for line in lines)


def _sums(results: Sequence[Result]) -> str:
    counts = ", ".join(f"{sum(getattr(result, name) for result in results):,} {name}" for name in (*COUNTS, "told"))
    return f"{len(results)} runs, {sum(result.spoken_words for result in results):,} words spoken: {counts}"


def _row(results: Sequence[Result]) -> list[str]:
    failing = frozenset[str]().union(*(result.failing for result in results))

    def cell(name: str, content: str) -> str:
        return f"**{content}**" if name in failing else content

    def total(name: str) -> str:
        counts = [count for result in results if (count := getattr(result, name)) is not None]
        return cell(name, str(sum(counts)) if counts else "-")

    def seconds(name: str) -> str:
        return cell(name, _range(getattr(result, name) for result in results))

    def normal(name: str) -> str:
        more = ">" if any(name in result.unsettled for result in results) else ""
        within = [bound for result in results if (bound := result.normal[name][1]) is not None]
        return cell(name, more + _range(result.normal[name][0] for result in results) + _at_most(within))

    def told() -> str:
        most = sum(result.most_told for result in results)
        return cell("told", f"{sum(result.told for result in results)}{_at_most([most] if most else [])}")

    return [
        results[0].fault,
        str(len(results)),
        *map(total, ("spoken_words", "not_recognized", *COUNTS)),
        told(),
        total("beside"),
        *map(normal, results[0].normal),
        *map(seconds, ("worst_lag_s", "worst_speech_lag_s")),
        ", ".join(str(result.seed) for result in results),
        ", ".join(dict.fromkeys(f"`{result.commit}`" for result in results)),
    ]


def _range(figures: Iterable[float]) -> str:
    least, *_, most = [f"{figure:.0f}" for figure in sorted([*figures] * 2)]
    return most if least == most else f"{least}-{most}"


def _at_most(bounds: Sequence[float]) -> str:
    return f" ({_range(bounds)})" if bounds else ""
