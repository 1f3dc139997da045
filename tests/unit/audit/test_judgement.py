"""What is said of locked packages, by reports as the auditors write them."""

from datetime import date
from typing import Any

import pytest

from tests.audit import __main__ as audit
from tests.audit.judgement import (
    Advisory,
    Allowed,
    Malformed,
    Unreachable,
    allowed_in,
    counting,
    of_npm_audit,
    of_pip_audit,
)

TODAY = date(2027, 1, 31)
CLEAN = {"name": "h11", "version": "0.16.0", "vulns": []}
SKIPPED = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (0.1.0)"}
VULNERABLE = {
    "name": "jinja",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": ["CVE-1"], "description": "long"}],
}
NPM = {
    "vulnerabilities": {
        "left": {"via": [{"name": "left", "range": "<2", "url": "https://advisories.example/GHSA-1", "title": "Bad"}]},
        "right": {"via": ["left"]},
    }
}
FOUND = Advisory("jinja 1.0", frozenset(("PYSEC-1", "CVE-1")), "mended in 1.1")


def test_a_vulnerable_package_is_found_under_all_its_ids() -> None:
    assert of_pip_audit({"dependencies": [CLEAN, VULNERABLE, SKIPPED]}) == [FOUND]
    assert of_npm_audit(NPM) == [Advisory("left <2", frozenset(("GHSA-1",)), "Bad")]


def test_packages_without_advisories_are_clean() -> None:
    assert of_pip_audit({"dependencies": [CLEAN]}) == []
    assert of_npm_audit({"vulnerabilities": {}}) == []


@pytest.mark.parametrize("report", [{"dependencies": [SKIPPED, SKIPPED]}, {"dependencies": []}])
def test_a_database_that_knows_no_package_at_all_was_not_reached(report: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        of_pip_audit(report)


@pytest.mark.parametrize("report", [{}, {"message": "405", "error": {"summary": ""}}, {"error": {"summary": "gone"}}])
def test_a_refusal_is_no_clean_result(report: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        of_npm_audit(report)


@pytest.mark.parametrize(
    ("id_", "until", "counts"), [("CVE-1", TODAY, 0), ("CVE-1", date(2027, 1, 30), 1), ("X", TODAY, 1)]
)
def test_an_advisory_is_passed_over_up_to_its_day(id_: str, until: date, counts: int) -> None:
    assert len(counting([FOUND], [Allowed(id_, "not used", until)], TODAY)) == counts


def test_the_list_is_read() -> None:
    text = '[[allowed]]\nid = "CVE-1"\nreason = "not used"\nuntil = 2027-01-31'
    assert allowed_in(text) == [Allowed("CVE-1", "not used", TODAY)]
    assert allowed_in("") == []


@pytest.mark.parametrize(
    "entry",
    ['id = "a"', 'id = "a"\nreason = " "\nuntil = 2027-01-31', 'id = "a"\nreason = "b"\nuntil = "2027-01-31"', "id = "],
)
def test_an_entry_without_reason_or_day_is_refused(entry: str) -> None:
    with pytest.raises(Malformed):
        allowed_in(f"[[allowed]]\n{entry}")


@pytest.mark.parametrize(
    ("python", "javascript", "code"),
    [([], [], 0), ([FOUND], [], 1), ([], None, 3), (None, None, 3), (None, [FOUND], 1), ([FOUND], None, 1)],
)
def test_what_is_found_counts_even_where_the_rest_is_not_known(
    monkeypatch: pytest.MonkeyPatch, python: list[Advisory] | None, javascript: list[Advisory] | None, code: int
) -> None:
    def saying(found: list[Advisory] | None) -> list[Advisory]:
        if found is None:
            raise Unreachable("no route")
        return found

    monkeypatch.setattr(audit, "python", lambda: saying(python))
    monkeypatch.setattr(audit, "javascript", lambda: saying(javascript))
    assert audit.main() == code


def test_the_list_that_is_in_use_can_be_read() -> None:
    allowed_in((audit.REQUIREMENTS / "allowed-advisories.toml").read_text(encoding="utf-8"))
