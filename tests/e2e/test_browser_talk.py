"""A talk from one browser to others: captured, recognized, translated, spoken, played."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.cli.clients.audio import duration_s
from services.cli.clients.captions import srt
from services.cli.evaluation.quality import word_error_rate
from services.cli.stack import Platform
from tests.e2e.browsing import ListenerPage, Site, SpeakerPage, chromium, microphone, new_page, site
from tests.e2e.heard import Heard, lag_figures
from tests.e2e.published import all_published, until_captured
from tests.e2e.talks import IVORY, recognized_back

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEFORE_S = 3.0
LANGUAGES = {"pt": "Português", "es": "Español"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web(platform: Platform) -> AsyncIterator[Site]:
    async with site(platform) as running:
        yield running


async def test_a_talk_is_heard_in_browsers_as_it_was_captured_in_one(web: Site, tmp_path: Path) -> None:
    known = web.stack.platform.provisioned
    faults: list[str] = []
    heard: dict[str, Heard] = {}
    read: dict[str, str] = {}
    async with chromium(microphone(tmp_path, IVORY, BEFORE_S)) as browser:
        speaker = SpeakerPage(await new_page(browser, web.door.speaker_page, faults))
        await speaker.sign_in(known.demo_speaker, known.demo_password)
        await speaker.create("Ivory")
        listeners: dict[str, ListenerPage] = {}
        for code, name in LANGUAGES.items():
            address = f"{web.door.listener_page}?tap#{speaker.session_id}"
            listeners[code] = ListenerPage(await new_page(browser, address, faults))
            await listeners[code].listen(name)
        await speaker.go_on_air()
        spoken_ms = (BEFORE_S + duration_s(IVORY)) * 1000
        await until_captured(web.stack.cluster, speaker.session_id, spoken_ms)
        await speaker.end()
        talk = await all_published(web.stack.cluster, speaker.session_id, list(LANGUAGES))
        for code, listener in listeners.items():
            await listener.heard_through(code, talk.promised(code)[-1])
            heard[code] = await listener.take()
            read[code] = await listener.read()
    assert not faults
    assert talk.gaps_ms() == []
    said = " ".join(word.text for word in talk.words)
    errors = word_error_rate([IVORY.with_suffix(".txt").read_text(encoding="utf-8")], [said])
    assert errors is not None
    assert errors <= 0.10
    for code, listener_heard in heard.items():
        talk.assert_every_word_once(code)
        assert read[code] == srt(talk.cues(code))
        assert listener_heard.indexes(code) == talk.promised(code)
        listener_heard.assert_one_voice()
        listener_heard.assert_no_gaps(talk.speeches[code])
        back = await asyncio.to_thread(recognized_back, listener_heard.sounds(code), code)
        difference = word_error_rate([" ".join(cue.text for cue in talk.cues(code))], [back])
        assert difference is not None
        assert difference <= 0.25
        print(code, lag_figures(listener_heard, talk, code))  # noqa: T201 (pytest -rP shows it)
