"""``dragoman trace``: where the time of a talk's segments went, as their own records tell."""

from typing import Annotated

import typer

from services.cli.commands.running import run, say
from services.cli.errors import CliError
from services.cli.presentation.waterfall import summary, waterfall
from services.common.codes import folded
from services.common.contracts import Caption, Session, Speech
from services.common.kafka import Cluster, LogReader, missing_topics, wait_for_broker
from services.common.settings import Settings, load
from services.common.topics import SESSIONS, TRANSLATIONS

_BROKER_ANSWERS_S = 10.0


def trace(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session or its beginning, or its code.")],
    segment: Annotated[int | None, typer.Option(min=0, help="Draw this segment's stages as a waterfall.")] = None,
    language: Annotated[str | None, typer.Option(help="Of this language only.", metavar="CODE")] = None,
) -> None:
    """Show where the time of a session's segments went, stage by stage.

    \b
    dragoman trace K7F2QXA                              a line for each segment, and what took longest
    dragoman trace K7F2QXA --segment 12                 that one's way through the services, in each language
    dragoman trace K7F2QXA --segment 12 --language pt

    From the end of its last word at the microphone until Kafka had its caption or speech. It takes no collector:
    records carry the time that each stage took. To send traces to one: DRAGOMAN_TRACES_ENDPOINT.
    """
    run(_trace(session, segment, language))


async def _trace(wanted: str, segment: int | None, language: str | None) -> None:
    """Raises CliError where there is nothing to show, KafkaUnavailable."""
    cluster = Cluster.of(load(Settings))
    await wait_for_broker(cluster, _BROKER_ANSWERS_S)
    if missing := await missing_topics(cluster, [SESSIONS, TRANSLATIONS]):
        raise CliError(f"{cluster.bootstrap} has no topic {', '.join(missing)}: start the stack with 'dragoman up'")
    found = await _last_records(cluster, wanted)
    if len(sessions := {record.session_id for record in found}) > 1:
        raise CliError(f"{len(sessions)} sessions begin with {wanted}: say more of the id")
    shown = [record for record in found if segment in (None, record.index) and language in (None, record.language)]
    if not shown:
        raise CliError(f"no such segment of {wanted}: 'dragoman topics tail translations' shows those that there are")
    for record in sorted(shown, key=lambda one: (one.index, one.language)):
        print(summary(record) if segment is None else "\n".join([*waterfall(record), ""]))
    if segment is None:
        say("from the end of the words until it was published; the longest stage, ms. One of them: --segment N")


async def _last_records(cluster: Cluster, wanted: str) -> list[Caption | Speech]:
    """Of each segment of the session what was published last: its speech, or its caption where there is none."""
    coded: set[str] = set()
    async with LogReader.open(cluster, [SESSIONS], client_id="dragoman-trace") as reader:
        async for received in reader.to_end():
            if isinstance(received.record, Session) and folded(received.record.code) == folded(wanted):
                coded.add(received.record.session_id)
    last: dict[tuple[str, str, int], Caption | Speech] = {}
    async with LogReader.open(cluster, [TRANSLATIONS], client_id="dragoman-trace") as reader:
        async for received in reader.to_end():
            record = received.record
            if isinstance(record, Caption | Speech) and (
                record.session_id in coded or record.session_id.startswith(wanted)
            ):
                last[record.session_id, record.language, record.index] = record
    return list(last.values())
