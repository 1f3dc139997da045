"""Reads what the services left: the topics with a Kafka client of its own, the clips over S3."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

from aiobotocore.session import get_session
from aiokafka import AIOKafkaConsumer

from tests.faults.auditor.evidence import (
    AnyLine,
    Audience,
    Caption,
    Clip,
    Final,
    Finished,
    Frame,
    LaneFinished,
    Speech,
    State,
    Word,
    digest,
    write,
)
from tests.faults.auditor.sound import sound

_TOPICS = ("audio", "transcripts", "translations", "sessions", "audience")
_LIMIT_S = 60.0


async def collect(folder: Path, bootstrap: str, bucket: str, aws: Mapping[str, str], sessions: set[str]) -> None:
    """Write what topics and bucket hold of these sessions into the record. aws: ``endpoint_url`` and credentials."""
    async with asyncio.timeout(_LIMIT_S):
        write(folder / "topics.jsonl", [line async for line in _records(bootstrap, sessions)])
        write(folder / "clips.jsonl", [clip async for clip in _clips(bucket, aws) if clip.session in sessions])


async def _records(bootstrap: str, sessions: set[str]) -> AsyncIterator[AnyLine]:
    """Only what is keyed by these sessions is looked into: what others left in the topics need not be readable."""
    keys = {session.encode() for session in sessions}
    consumer = AIOKafkaConsumer(
        *_TOPICS,
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if record.key is not None and record.key.partition(b"|")[0] in keys:
                        for line in _read(record):
                            yield line
    finally:
        await consumer.stop()


def _read(record: Any) -> Iterator[AnyLine]:
    if record.value is None:
        return
    place: dict[str, Any] = {"partition": record.partition, "offset": record.offset}
    if record.topic == "audio":
        told = {name: content.decode() for name, content in record.headers}
        yield Frame(
            session=told["session"],
            seq=int(told["seq"]),
            first_sample=int(told["first_sample"]),
            samples=len(record.value) // 2,
            digest=digest(record.value),
            mark=told.get("mark"),
            **place,
        )
        return
    told = json.loads(record.value)
    place["session"] = told["session_id"]
    match record.topic, told.get("type"):
        case "transcripts", "final":
            words = tuple(Word(**word) for word in told["words"])
            missing = told["missing"] and (told["missing"]["start_ms"], told["missing"]["end_ms"])
            yield Final(index=told["index"], words=words, missing=missing, **place)
        case "transcripts", "finished":
            yield Finished(end_ms=told["end_ms"], **place)
        case "translations", "caption":
            yield Caption(
                **_those(told, "language index start_ms end_ms text source spoken failed unspoken missing_ms"), **place
            )
        case "translations", "speech":
            yield Speech(**_those(told, "language index start_ms end_ms text key duration_ms failed"), **place)
        case "translations", "finished":
            yield LaneFinished(**_those(told, "language segments"), **place)
        case "sessions", _:
            yield State(state=told["state"], **place)
        case "audience", _:
            yield Audience(**_those(told, "language listeners hearing"), **place)
        case _:
            pass  # partials may be lost


def _those(told: Mapping[str, Any], names: str) -> dict[str, Any]:
    return {name: told[name] for name in names.split()}


async def _clips(bucket: str, aws: Mapping[str, str]) -> AsyncIterator[Clip]:
    async with get_session().create_client("s3", **aws) as s3:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [found["Key"] async for page in pages for found in page.get("Contents", ())]
        for key in keys:
            answer = await s3.get_object(Bucket=bucket, Key=key)
            clip = sound(await answer["Body"].read())
            yield Clip(
                session=key.partition("/")[0],
                key=key,
                digest=digest(clip.samples),
                duration_ms=clip.duration_ms,
                sounding_ms=clip.sounding_ms,
            )
