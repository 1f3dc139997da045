"""Dead letters put back where they came from, where that changes no order."""

from collections.abc import Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.common import topics
from services.common.clock import now_ms
from services.common.contracts import DeadLetter
from services.common.kafka.cluster import Cluster, connect, stop, within
from services.common.kafka.dead import connect_producer, send_dead

_ANSWER_S = 15.0
_SEARCH_S = 60.0


async def put_back(cluster: Cluster, letters: Sequence[DeadLetter], known: Sequence[DeadLetter]) -> list[int | str]:
    """Append each to its topic and partition again, as it was, and note it. Returns its new offset, or why it was left.

    Left is what nobody could read still, what was put back before, and what its session went on without: records of its
    key that came later would have come before it. All are looked at first, then put back in their own order.
    known: all that is on ``dead``, notes too. Raises KafkaUnavailable.
    """
    done: dict[str, int | str] = {note.place: _again(note.put_back) for note in known if note.put_back is not None}
    consumer = await connect(
        cluster,
        AIOKafkaConsumer,
        client_id="dragoman-put-back",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    try:
        for letter in letters:
            if letter.place not in done and (obstacle := await _obstacle(consumer, letter, known)) is not None:
                done[letter.place] = obstacle
    finally:
        await stop(consumer)
    producer = await connect_producer(cluster, "dragoman-put-back")
    try:
        for letter in sorted(letters, key=lambda letter: (letter.topic, letter.partition, letter.offset)):
            if letter.place not in done:
                done[letter.place] = await _send(producer, letter)
    finally:
        await stop(producer)
    return [done[letter.place] for letter in letters]


def _again(offset: int) -> str:
    return f"was put back before, at offset {offset}"


async def _send(producer: AIOKafkaProducer, letter: DeadLetter) -> int:
    headers = list(letter.headers)
    sending = producer.send_and_wait(
        letter.topic, letter.value, letter.key, partition=letter.partition, headers=headers
    )
    offset: int = (await within(_ANSWER_S, f"putting {letter.place} back", sending)).offset
    note = msgspec.structs.replace(
        letter, value=b"", headers=(), by="dragoman", at_ms=now_ms(), cause="", put_back=offset
    )
    await within(_ANSWER_S, f"noting that {letter.place} lies at offset {offset} again", send_dead(producer, note))
    return offset


async def _obstacle(consumer: AIOKafkaConsumer, letter: DeadLetter, known: Sequence[DeadLetter]) -> str | None:
    """Why it can't be put back; None if it can. Raises KafkaUnavailable."""
    topic = next((topic for topic in topics.ALL if topic.name == letter.topic), None)
    if topic is None or topic is topics.DEAD:
        return f"there is no topic {letter.topic}"
    try:
        topic.decode(letter.value, letter.headers)
    except msgspec.DecodeError as fault:
        return f"still can't be read: {fault}"
    part = TopicPartition(letter.topic, letter.partition)
    starts = await within(_ANSWER_S, f"beginning of {letter.topic}", consumer.beginning_offsets([part]))
    if letter.offset + 1 < starts[part]:
        return f"{letter.topic} doesn't keep what came after it any more"
    following = _following(consumer, part, topic, letter, _harmless(letter, known))
    if (offset := await within(_SEARCH_S, f"what came after {letter.place}", following)) is not None:
        return f"its session went on without it, at offset {offset}"
    return None


def _harmless(letter: DeadLetter, known: Sequence[DeadLetter]) -> set[int]:
    """Offsets of the letter's partition where later records were passed over too, or earlier ones were put back."""
    near = [one for one in known if (one.topic, one.partition) == (letter.topic, letter.partition)]
    passed_over = {one.offset for one in near}
    return passed_over | {one.put_back for one in near if one.put_back is not None and one.offset < letter.offset}


async def _following(
    consumer: AIOKafkaConsumer, part: TopicPartition, topic: topics.AnyTopic, letter: DeadLetter, harmless: set[int]
) -> int | None:
    """Where the first record lies that came after the letter, has its key and can be read; None if there is none."""
    consumer.assign([part])
    end = (await consumer.end_offsets([part]))[part]
    consumer.seek(part, letter.offset + 1)
    while await consumer.position(part) < end:
        for raw in (await consumer.getmany(part, timeout_ms=200, max_records=1000)).get(part, ()):
            if raw.key == letter.key and raw.offset not in harmless and _readable(topic, raw):
                found: int = raw.offset
                return found
    return None


def _readable(topic: topics.AnyTopic, raw: Any) -> bool:
    if raw.value is None:
        return True  # a tombstone takes its place
    try:
        topic.decode(raw.value, raw.headers)
    except msgspec.DecodeError:
        return False
    return True
