"""What auditors report, and what of it counts. Pure."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Advisory:
    """A vulnerability of a locked package, under all its ids."""

    package: str
    ids: frozenset[str]
    advice: str


@dataclass(frozen=True)
class Allowed:
    """An advisory that is passed over until a day."""

    id: str
    reason: str
    until: date


class Unreachable(Exception):
    """The database of advisories didn't answer, so nothing is known."""


class Malformed(Exception):
    """The list of allowed advisories can't be read; the message says what to do."""


def of_pip_audit(report: dict[str, Any]) -> list[Advisory]:
    """From ``pip-audit --format json``.

    Raises Unreachable where it found no package in its database, which it takes for a clean result itself.
    """
    packages = report["dependencies"]
    if not any("vulns" in package for package in packages):
        raise Unreachable("none of the packages was found")
    return [
        Advisory(
            f"{package['name']} {package['version']}",
            frozenset((found["id"], *found.get("aliases", ()))),
            f"mended in {', '.join(found['fix_versions']) or 'no version yet'}",
        )
        for package in packages
        for found in package.get("vulns", ())
    ]


def of_npm_audit(report: dict[str, Any]) -> list[Advisory]:
    """From ``npm audit --json``. Raises Unreachable."""
    if "vulnerabilities" not in report:
        raise Unreachable(report.get("message") or report.get("error", {}).get("summary") or "no answer")
    found: dict[str, Advisory] = {}
    for package in report["vulnerabilities"].values():
        for via in package["via"]:
            if isinstance(via, dict):  # else the name of the package that it has it from
                advisory = via["url"].rpartition("/")[2]
                found[advisory] = Advisory(f"{via['name']} {via['range']}", frozenset((advisory,)), via["title"])
    return list(found.values())


def allowed_in(text: str) -> list[Allowed]:
    """The list's entries. Raises Malformed."""
    try:
        return [
            Allowed(str(entry["id"]), _reason(entry), _day(entry)) for entry in tomllib.loads(text).get("allowed", ())
        ]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise Malformed(f"each entry has an id, a reason and a day (until): {fault!r}") from fault


def _reason(entry: dict[str, Any]) -> str:
    if not str(entry["reason"]).strip():
        raise Malformed(f"{entry['id']}: say why it doesn't concern us")
    return str(entry["reason"])


def _day(entry: dict[str, Any]) -> date:
    if not isinstance(entry["until"], date):
        raise Malformed(f"{entry['id']}: until is a day, as 2027-01-31 without quotes")
    return entry["until"]


def counting(advisories: Sequence[Advisory], allowed: Sequence[Allowed], today: date) -> list[Advisory]:
    """Those that are not allowed, or not any more."""
    passed_over = {one.id for one in allowed if today <= one.until}
    return [advisory for advisory in advisories if not advisory.ids & passed_over]
