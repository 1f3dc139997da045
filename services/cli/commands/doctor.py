"""``dragoman doctor``."""

from typing import Annotated

import msgspec
import typer

from services.cli.commands.running import FAILED, run
from services.cli.stack.checks import Finding, State, examine

_SIGNS = {State.OK: "ok", State.OFF: "off", State.MISSING: "MISSING"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line, for programs.")] = False,
) -> None:
    """Check every part that the stack needs, and say what to do.

    \b
    ok        works
    off       not running at the moment, which is fine unless you expect it
    MISSING   something to do, said in the line; the exit code is then 1
    """
    findings = run(examine())
    for finding in findings:
        print(msgspec.json.encode(finding).decode() if as_json else _line(finding))
    if any(finding.state is State.MISSING for finding in findings):
        raise typer.Exit(FAILED)


def _line(finding: Finding) -> str:
    line = f"{_SIGNS[finding.state]:<9}{finding.part:<25}{finding.found}"
    return f"{line}\n{'':<9}-> {finding.remedy}" if finding.remedy else line
