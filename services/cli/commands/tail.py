"""What ``dragoman topics tail`` does: records as a person, or a program, reads them."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.cli.commands.running import reached, say
from services.cli.errors import CliError
from services.common import topics
from services.common.clock import now_ms
from services.common.contracts import (
    Audience,
    Caption,
    Final,
    Finished,
    Frame,
    LaneFinished,
    Partial,
    Recognition,
    Session,
    Speech,
)
from services.common.kafka import Cluster, LogReader, missing_topics

_LOOK_S = 1.0


def named(names: Sequence[str]) -> list[topics.AnyTopic] | str:
    """Topics of these names, all but audio without any; or what is wrong with the names."""
    by_name = {topic.name: topic for topic in topics.ALL if topic is not topics.DEAD}  # that has a command of its own
    unknown = [name for name in names if name not in by_name]
    if unknown:
        return f"no topic {', '.join(unknown)}; there are {', '.join(by_name)}"
    return [by_name[name] for name in names] or [topic for topic in by_name.values() if topic is not topics.AUDIO]


async def tail(
    wanted: Sequence[topics.AnyTopic],
    *,
    session: str | None,
    language: str | None,
    follow: bool,
    since_min: float | None,
    as_json: bool,
) -> None:
    """Print each record as a line. Raises CliError where the topics aren't there, KafkaUnavailable."""
    since_ms = None if since_min is None else now_ms() - since_min * 60_000
    cluster = await reached()
    await _find(wanted, cluster, wait=follow)
    async with LogReader.open(cluster, wanted, client_id="dragoman-tail", since_ms=since_ms) as reader:
        async for received in reader.follow() if follow else reader.to_end():
            record = received.record
            if session not in (None, record.session_id):
                continue
            if language not in (None, getattr(record, "language", getattr(record, "source_language", None))):
                continue
            print(as_line_of_json(received.topic, record) if as_json else for_people(record), flush=True)


async def _find(wanted: Sequence[topics.AnyTopic], cluster: Cluster, *, wait: bool) -> None:
    """Return once the topics are there. Raises CliError where they aren't, unless it is to wait for them."""
    waiting = False
    while missing := await missing_topics(cluster, wanted):
        what = f"{cluster.bootstrap} has no topic {', '.join(missing)}"
        if not wait:
            raise CliError(f"{what}: run 'dragoman topics apply', or start the stack with 'dragoman up'")
        if not waiting:
            say(f"{what}: waiting for them")
        waiting = True
        await asyncio.sleep(_LOOK_S)


def as_line_of_json(topic: str, record: Any) -> str:
    """A frame's sound is left out; ``samples`` says how much there is."""
    fields = msgspec.to_builtins(record, builtin_types=(bytes,))
    pcm = fields.pop("pcm", None)
    if pcm is not None:
        fields["samples"] = len(pcm) // 2
    return msgspec.json.encode({"topic": topic, **fields}).decode()


def for_people(record: Any) -> str:
    """One line: when, which session, what."""
    who = record.session_id[:8]
    match record:
        case Frame():
            what = f"audio  {_span(record.start_ms, record.end_ms)}  #{record.seq} {record.mark or ''}"
        case Final(words=words):
            span = _span(words[0].start_ms, words[-1].end_ms) if words else " " * 15
            mark = f"({record.previous_mark}) " if record.previous_mark else ""
            if record.missing:
                span, mark = _span(record.missing.start_ms, record.missing.end_ms), "[missing] "
            what = f"{record.language}  final   {span}  {mark}{_text(words)}  [{record.ends.value}]"
        case Partial(words=words):
            what = f"{record.language}  partial {' ' * 15}  {_text(words)}"
        case Caption():
            said = record.text or f"[failed: {record.failed}]"
            what = f"{record.language}  caption {_span(record.start_ms, record.end_ms)}  #{record.index} {said}"
        case Speech():
            clip = record.key or f"[no clip: {record.failed}]"
            what = (
                f"{record.language}  speech  {_span(record.start_ms, record.end_ms)}  "
                f"#{record.index} {record.duration_ms / 1000:.2f} s {clip}"
            )
        case Finished():
            what = f"{record.language}  finished after {record.end_ms / 1000:.1f} s"
        case Recognition():
            what = f"{record.language}  {'recognized again' if record.works else 'not recognized'}"
        case LaneFinished():
            what = f"{record.language}  finished after {record.segments} segments"
        case Session():
            what = f"session “{record.title}” {record.code} {record.source_language} {record.state.value}"
        case Audience():
            what = f"{record.language}  {record.listeners} listening, {record.hearing} hearing, at {record.notifier_id}"
        case _:
            what = repr(record)
    return f"{_clock(record)}  {who}  {what}"


def _text(words: Iterable[Any]) -> str:
    return " ".join(word.text for word in words)


def _span(start_ms: float, end_ms: float) -> str:
    return f"{start_ms / 1000:6.1f} - {end_ms / 1000:6.1f}"


def _clock(record: Any) -> str:
    for name in ("published_at_ms", "received_at_ms", "updated_at_ms", "at_ms"):
        if at_ms := getattr(record, name, 0.0):
            return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
    return " " * 12
