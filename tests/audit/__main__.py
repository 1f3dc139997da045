"""``make audit``. Exit code 1: a locked package is vulnerable; 3: not known, since a database can't be reached."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.audit.judgement import Advisory, Malformed, Unreachable, allowed_in, counting, of_npm_audit, of_pip_audit

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"
_LIMIT_S = 180
VULNERABLE, UNKNOWN = 1, 3


def python() -> list[Advisory]:
    """Of every Python lock. Raises Unreachable."""
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.txt"
        probe.write_text(_first_pin(REQUIREMENTS / "dragoman.txt"), encoding="utf-8")
        of_pip_audit(_pip_audit(probe, "--no-deps"))  # before some hundred questions that nobody answers
    locks = (lock for name in ("dragoman", "aws-endpoint", "terraform") for lock in (REQUIREMENTS / f"{name}.txt",))
    return [found for lock in locks for found in of_pip_audit(_pip_audit(lock, "--require-hashes"))]


def _first_pin(lock: Path) -> str:
    return next(line.split(" ")[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)


def _pip_audit(lock: Path, how: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", how, "--format", "json", "--requirement", str(lock)]
    return _report([*command, "--progress-spinner", "off"])


def javascript() -> list[Advisory]:
    """Of the web apps' lock. Raises Unreachable."""
    npm = Path(sys.executable).with_name("npm")
    return of_npm_audit(
        _report([str(npm), "--prefix", str(ROOT / "frontend"), "audit", "--package-lock-only", "--json"])
    )


def _report(command: Sequence[str]) -> dict[str, Any]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"no answer within {_LIMIT_S} s") from None
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Unreachable((done.stderr.strip().splitlines() or ["it said nothing"])[-1]) from None
    return report


def main() -> int:
    """Tell what is known."""
    code = 0
    try:
        allowed = allowed_in((REQUIREMENTS / "allowed-advisories.toml").read_text(encoding="utf-8"))
    except Malformed as fault:
        print(f"audit: requirements/allowed-advisories.toml: {fault}", file=sys.stderr)
        return VULNERABLE
    audits: tuple[tuple[str, Callable[[], list[Advisory]]], ...] = (("Python", python), ("JavaScript", javascript))
    for kind, audit in audits:
        try:
            advisories = audit()
        except Unreachable as fault:
            print(f"audit: {kind}: NOT KNOWN, the database of advisories can't be reached: {fault}", file=sys.stderr)
            code = code or UNKNOWN
            continue
        found = counting(advisories, allowed, datetime.now(UTC).date())
        for advisory in found:
            print(f"audit: {kind}: {advisory.package}: {', '.join(sorted(advisory.ids))}: {advisory.advice}")
        passed_over = len(advisories) - len(found)
        print(f"audit: {kind}: {len(found)} advisories about locked packages, {passed_over} more passed over")
        code = VULNERABLE if found else code
    return code


if __name__ == "__main__":
    sys.exit(main())
