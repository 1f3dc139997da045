"""Figures into the documents, between ``<!-- figures:NAME -->`` and ``<!-- /figures:NAME -->``."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def fill(page: Path, name: str, text: str) -> None:
    """Put the text (Markdown) there, in place of what was. Raises ValueError where the page has no such place."""
    begin, end = f"<!-- figures:{name} -->\n", f"<!-- /figures:{name} -->\n"
    whole = page.read_text(encoding="utf-8")
    if whole.count(begin) != 1 or whole.count(end) != 1:
        raise ValueError(f"{page.name} has no place for figures of {name!r}")
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}{text.strip()}\n{end}{after}", encoding="utf-8")


def table(columns: list[str], rows: list[list[str]]) -> str:
    """As Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
