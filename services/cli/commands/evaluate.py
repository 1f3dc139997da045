"""``dragoman evaluate``: every recording of a folder through the system, one after the other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from services.cli.commands.running import run
from services.cli.errors import WrongUse
from services.cli.evaluation.measure import measured
from services.cli.evaluation.references import translated_references
from services.cli.evaluation.report import Report, Talk, report
from services.cli.evaluation.talk import Audience, give
from services.cli.presentation import folder, simuleval, terminal
from services.cli.stack.system import System, ready_system
from services.common.languages import LANGUAGES, UnknownLanguage, language

_PREFIX = re.compile(r"([a-z]{2})-")
_SUFFIXES = (".flac", ".wav")


class NothingToEvaluate(WrongUse):
    """The folder has no recording that can be used. The message says why."""


def evaluate(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="A folder, or one recording.", exists=True)],
    languages: Annotated[str, typer.Option(help="Listeners' languages.")] = "pt,es",
    source: Annotated[str | None, typer.Option(help="Spoken language; else the name's prefix: en-talk.flac.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Play each in a loop for so long.")] = None,
    out: Annotated[Path, typer.Option(help="Where the reports go.")] = Path("out"),
    json: Annotated[bool, typer.Option("--json", help="Print the list of reports as JSON.")] = False,
) -> None:
    """Measure lag, quality and use of the machine on your own recordings, at real pace.

    Takes every NAME.flac or NAME.wav with its transcript NAME.txt; a person's translation in NAME.LANG.txt is
    compared too. Lag is measured on the times of the words that the system itself recognized.

    \b
    dragoman evaluate tests/data/speech
    dragoman evaluate talks/en-keynote.flac --languages pt,es,fr
    dragoman evaluate talks --source en --json
    dragoman evaluate tests/data/speech/en-linda-babylon.flac --minutes 30
    """
    done = run(
        _evaluate(
            place,
            source=source,
            languages=[code.strip() for code in languages.split(",")],
            minutes=minutes,
            out=out,
            console=Console(stderr=json),
        )
    )
    if json:
        print(msgspec.json.encode([one.report for one in done]).decode())


@dataclass(frozen=True)
class Evaluated:
    """A recording and what was measured of it."""

    recording: Path
    talk: Talk
    report: Report
    place: Path
    """The folder with all of it."""


def recordings_in(place: Path, source: str | None) -> list[tuple[Path, str]]:
    """Recordings with a transcript beside them, and their language: ``source``, or the name's prefix (``en-``).

    A single file may be given instead of a folder. Raises NothingToEvaluate, UnknownLanguage.
    """
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    usable = [file for file in files if file.suffix in _SUFFIXES and file.with_suffix(".txt").exists()]
    if not usable:
        raise NothingToEvaluate(f"{place}: no NAME{' or NAME'.join(_SUFFIXES)} with a transcript NAME.txt beside it")
    return [(file, language(source or _prefix(file)).code) for file in usable]


async def _evaluate(
    place: Path, *, source: str | None, languages: Sequence[str], minutes: float | None, out: Path, console: Console
) -> list[Evaluated]:
    """``evaluate_with`` the stack that runs, or one that is started for it."""
    recordings_in(place, source)
    async with ready_system(console.print) as system:
        return await evaluate_with(
            system, place, source=source, languages=languages, minutes=minutes, out=out, console=console
        )


async def evaluate_with(
    system: System,
    place: Path,
    *,
    source: str | None,
    languages: Sequence[str],
    minutes: float | None,
    out: Path,
    console: Console,
) -> list[Evaluated]:
    """Reports of all, each also in ``out/DATE-TIME/NAME``, with SimulEval instances and a list of them beside.

    minutes: play each recording again and again for this long. Raises what ``talk.give`` raises, NothingToEvaluate.
    """
    wanted = recordings_in(place, source)
    audience = tuple(Audience(language(code).code) for code in languages)
    parent = folder.new_folder(out)
    done: list[Evaluated] = []
    for number, (recording, spoken) in enumerate(wanted, 1):
        console.print(f"{number}/{len(wanted)}  {recording.stem}", markup=False, highlight=False)
        listening = tuple(wish for wish in audience if wish.language != spoken)
        outcome = await give(system, recording, spoken, listening, minutes=minutes, report=console.print)
        references = await translated_references(recording, spoken, [wish.language for wish in listening])
        talk = measured(outcome, listening, references)
        if minutes is not None:
            talk = _without_quality(talk)
        found = report([talk])
        one = parent / recording.stem
        one.mkdir()
        folder.write(one, outcome, talk, found)
        done.append(Evaluated(recording, talk, found, one))
    _write_summary(parent, done)
    if len(done) > 1:
        console.print(terminal.summary_table([one.report for one in done]))
        terminal.show(console, report([one.talk for one in done], f"all {len(done)} together"))
    else:
        terminal.show(console, done[0].report)
    console.print(f"\nReports: [bold]{parent}[/]", highlight=False)
    return done


def _write_summary(parent: Path, done: Sequence[Evaluated]) -> None:
    folder.write_json(parent / "reports.json", [one.report for one in done])
    for code in dict.fromkeys(code for one in done for code in one.talk.languages):
        lines = [
            msgspec.json.encode(simuleval.instance(index, one.recording, one.talk, one.talk.languages[code]))
            for index, one in enumerate(done)
            if code in one.talk.languages
        ]
        (parent / f"instances.{code}.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def _without_quality(talk: Talk) -> Talk:
    """A looped talk has no reference of its length."""

    bare = {code: replace(of, reference=None, human_reference=None) for code, of in talk.languages.items()}
    return replace(talk, transcript=None, languages=bare)


def _prefix(file: Path) -> str:
    found = _PREFIX.match(file.name)
    if found is None:
        raise UnknownLanguage(
            f"{file.name}: its name doesn't begin with a language ({'-, '.join(LANGUAGES)}-); give --source"
        )
    return found.group(1)
