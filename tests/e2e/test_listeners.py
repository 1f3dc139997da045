"""Listeners of a running talk, over real sockets: late, cut off, switching, reading along, and there at the end."""

import asyncio
from pathlib import Path

import httpx
import pytest

from services.cli.clients.audio import read_floor_audio
from services.cli.clients.connection import Refused, socket_url
from services.cli.clients.microphone import play_as_captured
from services.cli.clients.sessions import Sessions
from services.cli.clients.speaker import Speaker
from services.cli.evaluation.talk import Audience, give
from services.cli.stack.system import System
from tests.e2e.following import Message, Progress, captions, listening, refusal
from tests.e2e.talks import IVORY, assert_heard_once_in_order, excerpt

pytestmark = pytest.mark.asyncio(loop_scope="module")


def indexes(messages: list[Message], kind: str) -> list[int]:
    return [message["index"] for message in messages if message["type"] == kind]


async def come_late(system: System, progress: Progress) -> list[Message]:
    """Join when the talk is well under way, and stay."""
    await progress.captioned(5)
    async with listening(system) as ears:
        await ears.join(session=progress.session_id)
        code, came = await ears.closed()
    assert code == 1000
    return came


async def be_cut_off(system: System, progress: Progress) -> tuple[list[Message], list[Message]]:
    """Lose the connection in mid-talk; come back when more was said. Returns what came before and after."""
    before: list[Message] = []
    async with listening(system) as ears:
        await ears.join(session=await progress.session())
        while indexes(before, "speech") != [0, 1]:
            before.append(await ears.next())
        ears.socket.transport.abort()
    await progress.captioned(5)
    async with listening(system) as ears:
        await ears.join(session=progress.session_id, after=1)
        code, after = await ears.closed()
    assert code == 1000
    return before, after


async def switch(system: System, progress: Progress) -> tuple[list[Message], list[Message]]:
    """Change from Portuguese to Spanish on the same socket. Returns what came before and after the answer."""
    before: list[Message] = []
    async with listening(system) as ears:
        await ears.join(session=await progress.session())
        while len(captions(before)) < 4:
            before.append(await ears.next())
        await ears.send(type="join", session=progress.session_id, language="es")
        while (message := await ears.next())["type"] != "joined":
            before.append(message)
        assert message["language"] == "es"
        code, after = await ears.closed()
    assert code == 1000
    return before, after


async def test_who_comes_late_is_cut_off_or_switches_misses_and_repeats_nothing(
    shared_system: System, tmp_path: Path
) -> None:
    progress = Progress()
    audience = (Audience("pt"), Audience("en", hear=False))
    async with asyncio.TaskGroup() as tasks:
        talk = tasks.create_task(
            give(shared_system, excerpt(tmp_path, IVORY, 28_400), "en", audience, on_notice=progress.on_notice)
        )
        late = tasks.create_task(come_late(shared_system, progress))
        cut = tasks.create_task(be_cut_off(shared_system, progress))
        switched = tasks.create_task(switch(shared_system, progress))
    outcome = talk.result()
    assert_heard_once_in_order(outcome, "pt")
    reference = [caption for _, caption in outcome.hearings["pt"].captions]
    everything = range(len(reference))
    promised = [caption.index for caption in reference if caption.spoken]

    came_late = captions(late.result())
    first = came_late[0]["index"]
    assert [caption["index"] for caption in came_late] == list(everything[first:])
    assert [caption["index"] for caption in came_late if caption.get("history")] == [first, first + 1, first + 2]
    assert [caption["text"] for caption in came_late] == [caption.text for caption in reference[first:]]

    before, after = cut.result()
    assert indexes(before, "speech") + indexes(after, "speech") == promised
    assert indexes(after, "caption") == list(everything[2:])
    assert all(caption["text"] == reference[caption["index"]].text for caption in captions(before + after))

    portuguese, spanish = map(captions, switched.result())
    assert {caption["language"] for caption in portuguese} == {"pt"}
    assert {message["language"] for message in switched.result()[1] if "language" in message} == {"es"}
    assert spanish[0]["start_ms"] <= reference[portuguese[-1]["index"] + 1].end_ms
    assert spanish[-1]["end_ms"] == reference[-1].end_ms

    finals = [read.final for read in outcome.finals]
    read_along = [caption for _, caption in outcome.hearings["en"].captions]
    assert [caption.index for caption in read_along] == [final.index for final in finals]
    assert [caption.text.split() for caption in read_along] == [[word.text for word in final.words] for final in finals]


async def refused(speaker: Speaker) -> int:
    """The close code that ends the speaker's talk."""
    with pytest.raises(Refused) as refusal:
        await speaker.run()
    return refusal.value.code


async def test_an_end_in_mid_talk_is_an_end_everywhere_at_once(shared_system: System) -> None:
    system, token = shared_system, await shared_system.sign_in()
    async with (
        Sessions(system.ingest_url, token) as sessions,
        listening(system) as hearing,
        listening(system) as reading,
        httpx.AsyncClient(base_url=system.ingest_url, trust_env=False) as anybody,
        asyncio.TaskGroup() as tasks,
    ):
        session = await sessions.create("Cut short", "en")
        await hearing.join("pt", session=session.session_id)
        await reading.join("en", session=session.session_id)
        floor = play_as_captured(read_floor_audio(IVORY))
        speaker = Speaker(socket_url(system.ingest_url, "/speak"), session.session_id, token, floor)
        speaking = tasks.create_task(refused(speaker))
        while (await hearing.next())["type"] != "speech":
            pass

        await sessions.end(session.session_id)
        assert (await anybody.get(f"/sessions/{session.session_id}")).status_code == 410
        assert (await anybody.get(f"/sessions/{session.code}")).status_code == 410
        assert (await speaking, speaker.reconnects) == (4410, 0)
        for ears in (hearing, reading):
            while (message := await ears.next())["type"] != "state" or message["state"] != "ended":
                pass
        assert await refusal(system, session.session_id) == 4410
        assert await refusal(system, session.code) == 4410
        for ears in (hearing, reading):
            code, rest = await ears.closed()
            assert code == 1000
            assert [message["type"] for message in rest].count("ended") == 1
            assert rest[-1]["type"] == "ended"
