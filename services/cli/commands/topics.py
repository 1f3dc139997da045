"""``dragoman topics``."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from services.cli.commands import dead as setting_aside
from services.cli.commands import tail as tailing
from services.cli.commands.running import reached, run
from services.common.kafka import TopicStatus, apply_topics, describe_topics

topics = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The topics that join the services.")
_Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@topics.command()
def apply(
    partitions: Annotated[int, typer.Option(min=1, help="Of each topic; never made fewer.")] = 4,
    replication: Annotated[int, typer.Option(min=1, help="Replicas of new topics; 3 on a cluster.")] = 1,
) -> None:
    """Make missing topics and set what differs. Safe to repeat.

    More partitions only while no session is open, and restart all services then: a session's records go to another one.

    \b
    dragoman topics apply
    dragoman topics apply --partitions 64 --replication 3
    """
    run(_apply(partitions, replication))


@topics.command("list")
def list_topics(
    replication: Annotated[int, typer.Option(min=1, help="Replicas that there should be.")] = 1, json: _Json = False
) -> None:
    """Show each topic beside how it should be. Ends with 1 if one is missing or differs.

    \b
    dragoman topics list
    dragoman topics list --json
    """
    if not run(_compare(replication, as_json=json)):
        raise typer.Exit(1)


@topics.command()
def tail(
    names: Annotated[list[str] | None, typer.Argument(metavar="[TOPIC]...", help="All but audio unless given.")] = None,
    session: Annotated[str | None, typer.Option(help="Only this session's id.")] = None,
    language: Annotated[str | None, typer.Option(help="Only this language.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    since: Annotated[float | None, typer.Option(metavar="MINUTES", help="Only what is not older.")] = None,
    json: _Json = False,
) -> None:
    """Print what is on the topics, oldest first.

    \b
    dragoman topics tail --follow
    dragoman topics tail translations --language pt --since 5
    dragoman topics tail transcripts --session ID --json
    """
    topics_named = tailing.named(names or [])
    if isinstance(topics_named, str):
        raise typer.BadParameter(topics_named)
    run(tailing.tail(topics_named, session=session, language=language, follow=follow, since_min=since, as_json=json))


@topics.command()
def dead(
    topic: Annotated[str | None, typer.Option(help="Only of this topic.")] = None,
    session: Annotated[str | None, typer.Option(help="Only of this session's id.")] = None,
    replay: Annotated[
        str | None,
        typer.Option(metavar="PLACE|all", help="Put this record back where it came from, or all that are shown."),
    ] = None,
    json: _Json = False,
) -> None:
    """Show records that no service could use and that were set aside, or put them back.

    A record is put back at the end of its partition, as it was; one that would then come too late, or that still can't
    be read, is left. Ends with 1 if one is.

    \b
    dragoman topics dead
    dragoman topics dead --topic transcripts --json
    dragoman topics dead --replay transcripts/2/1041
    dragoman topics dead --session ID --replay all
    """
    if topic is not None and isinstance(unknown := tailing.named([topic]), str):
        raise typer.BadParameter(unknown)
    if not run(setting_aside.dead(topic=topic, session=session, replay=replay, as_json=json)):
        raise typer.Exit(1)


async def _apply(partitions: int, replication: int) -> None:
    """Raises KafkaUnavailable."""
    done = await apply_topics(await reached(), partitions, replication)
    print("\n".join(done) if done else "all topics are as they should be")


async def _compare(replication: int, *, as_json: bool) -> bool:
    """Whether all topics are as they should be. Raises KafkaUnavailable."""
    statuses = await describe_topics(await reached(), replication)
    if as_json:
        print(msgspec.json.encode(statuses).decode())
    else:
        table = Table("topic", "partitions", "replicas", "settings", box=None, header_style="bold")
        for status in statuses:
            table.add_row(status.name, str(status.partitions), str(status.replication), _settings(status))
        Console().print(table)
    return all(status.exists and not status.differs for status in statuses)


def _settings(status: TopicStatus) -> str:
    if not status.exists:
        return "missing: run 'dragoman topics apply'"
    wrong = [f"{name} is {held}, should be {wanted}" for name, (held, wanted) in status.differs.items()]
    return "; ".join(wrong) or "as they should be"
