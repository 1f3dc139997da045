"""Documents that would otherwise drift from the code."""

import re
from pathlib import Path

import msgspec
import pytest

from services.cli.stack.system import ClientSettings
from services.common.home import home
from services.common.settings import PREFIX, Settings
from services.common.topics import ALL
from services.ingest.settings import IngestSettings
from services.notifier.settings import NotifierSettings
from services.transcriber.settings import TranscriberSettings
from services.translator.settings import TranslatorSettings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
KINDS = (Settings, IngestSettings, TranscriberSettings, TranslatorSettings, NotifierSettings, ClientSettings)


def default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "must be given"
    if field.default in (None, ""):
        return "-"
    value = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
    return f"`{value.replace(str(home()), '.dragoman')}`"


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_documented_with_its_default(kind: type[Settings]) -> None:
    rows = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(kind):
        assert f"| `{PREFIX}{field.name.upper()}` | {default(field)} |" in rows


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {f"{PREFIX}{name.upper()}" for kind in KINDS for name in kind.__struct_fields__}
    rows = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert set(re.findall(rf"^\| `({PREFIX}\w+)`", rows, re.MULTILINE)) == known


def test_every_topic_is_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert all(f"| `{topic.name}` |" in page for topic in ALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


def test_what_an_hour_costs_adds_up() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    table = page[page.index("| an hour | dev") :].split("\n\n")[0]
    rows = {name.strip(" *"): cells for name, *cells in (row.strip("|").split("|") for row in table.splitlines()[2:])}
    for column in range(4):
        # "4: 0.05" is the price of four; "-" is nothing.
        price = {name: float(re.sub(r".*:|[*,\s]|-", "", cells[column]) or 0) for name, cells in rows.items()}
        anyway, talks, together = price.pop("all that"), price.pop("talks, at 6.41"), price.pop("sum")
        assert sum(price.values()) == pytest.approx(anyway, abs=0.001)
        assert anyway + talks == pytest.approx(together, rel=0.001)


def test_the_tests_that_security_names_are_there() -> None:
    """A name is the beginning of a sentence; several of a file are parted by semicolons."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for cell in re.findall(r"\|([^|]*)\|\n", page):
        for file, names in re.findall(r"`((?:\w+/)+test_\w+)`(?:: ([^|`]*))?", cell):
            source = (ROOT / "tests" / f"{file}.py").read_text(encoding="utf-8")
            for name in filter(None, re.split(r"[;,] ", names.strip(" ;,"))):
                words = "_".join(re.sub(r"[^\w ]", " ", name.lower()).split())
                assert f"_{words}" in source, f"{file}: {name}"
