"""What ``dragoman topics dead`` does: records that were set aside, shown and put back."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.cli.commands.running import reached
from services.cli.errors import CliError
from services.common.contracts import DeadLetter
from services.common.kafka import Cluster, LogReader, missing_topics, put_back
from services.common.topics import AUDIO, DEAD

ALL = "all"
_PREVIEW = 100
"""Characters."""


@dataclass(frozen=True)
class SetAside:
    """A record as it was first set aside, however often it was, and where it lies in its topic again, if it does."""

    letter: DeadLetter
    put_back: int | None


def distinct(known: list[DeadLetter]) -> list[SetAside]:
    """Each place once, in the order in which they were set aside. known: everything that is on the topic."""
    letters: dict[str, DeadLetter] = {}
    put_back: dict[str, int] = {}
    for one in known:
        if one.put_back is not None:
            put_back.setdefault(one.place, one.put_back)
        elif one.place not in letters or one.at_ms < letters[one.place].at_ms:
            letters[one.place] = one
    first = sorted(letters.values(), key=lambda letter: (letter.at_ms, letter.place))
    return [SetAside(letter, put_back.get(letter.place)) for letter in first]


async def dead(*, topic: str | None, session: str | None, replay: str | None, as_json: bool) -> bool:
    """Show what is set aside, or put it back: then whether all of it is. Raises CliError, KafkaUnavailable."""
    cluster = await reached()
    known = await _read(cluster)
    chosen = [
        one
        for one in distinct(known)
        if topic in (None, one.letter.topic)
        and session in (None, one.letter.session_id)
        and replay in (None, ALL, one.letter.place)
    ]
    if replay is None:
        for one in chosen:
            print(as_line_of_json(one) if as_json else for_people(one))
        if not chosen and not as_json:
            print("nothing is set aside")
        return True
    if replay == ALL:
        chosen = [one for one in chosen if one.put_back is None]
    elif not chosen:
        raise CliError(f"no record of {replay} is set aside: 'dragoman topics dead' lists them")
    letters = [one.letter for one in chosen]
    outcomes = await put_back(cluster, letters, known)
    for letter, outcome in zip(letters, outcomes, strict=True):
        print(outcome_as_json(letter, outcome) if as_json else outcome_for_people(letter, outcome))
    if not letters and not as_json:
        print("nothing is to be put back")
    return all(isinstance(outcome, int) for outcome in outcomes)


async def _read(cluster: Cluster) -> list[DeadLetter]:
    if await missing_topics(cluster, [DEAD]):
        raise CliError(f"{cluster.bootstrap} has no topic {DEAD.name}: run 'dragoman topics apply'")
    async with LogReader.open(cluster, [DEAD], client_id="dragoman-dead") as reader:
        return [received.record async for received in reader.to_end()]


def as_line_of_json(one: SetAside) -> str:
    """Its content is a preview only; all of it is on the topic."""
    letter = one.letter
    fields = {
        "place": letter.place,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "session": letter.session_id,
        "by": letter.by,
        "at_ms": letter.at_ms,
        "cause": letter.cause,
        "bytes": len(letter.value),
        "preview": preview(letter),
        "put_back": one.put_back,
    }
    return msgspec.json.encode(fields).decode()


def for_people(one: SetAside) -> str:
    """Where it lay, since when it is set aside, by whom, how large it is; then why; then what it begins with."""
    letter = one.letter
    at = datetime.fromtimestamp(letter.at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    back = "" if one.put_back is None else f"  put back at offset {one.put_back}"
    place, by, session = printable(letter.place, _PREVIEW), printable(letter.by, 20), printable(letter.session_id, 40)
    return "\n".join(
        (
            f"{place}  {at}  {by}  {session}  {len(letter.value)} bytes{back}",
            f"    {printable(letter.cause, 2 * _PREVIEW)}",
            f"    {preview(letter)}",
        )
    )


def outcome_for_people(letter: DeadLetter, outcome: int | str) -> str:
    place = printable(letter.place, _PREVIEW)
    if isinstance(outcome, int):
        return f"{place}  put back at offset {outcome}"
    return f"{place}  left: {printable(outcome, 2 * _PREVIEW)}"


def outcome_as_json(letter: DeadLetter, outcome: int | str) -> str:
    back, left = (outcome, None) if isinstance(outcome, int) else (None, outcome)
    return msgspec.json.encode({"place": letter.place, "put_back": back, "left": left}).decode()


def preview(letter: DeadLetter) -> str:
    """What the record begins with, in one line that is safe to print; of sound, what its headers say."""
    if letter.topic == AUDIO.name:
        content = b" ".join(name.encode() + b"=" + (held or b"") for name, held in letter.headers)
    else:
        content = letter.value
    return printable(content[: 4 * _PREVIEW].decode(errors="backslashreplace"), _PREVIEW)


def printable(text: str, most: int) -> str:
    """At most so many characters, none of which a terminal would obey."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text[:most])
    return f"{shown[:most]}…" if len(text) > most or len(shown) > most else shown
