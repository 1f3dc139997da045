"""Networks that fail, pages that are loaded again and services that restart, under a talk between real browsers."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from services.cli.clients.audio import duration_s
from services.cli.clients.captions import srt
from services.cli.evaluation.quality import word_error_rate
from services.cli.stack import SERVICES, Platform
from services.cli.stack.forwarder import Forwarder
from services.common.clock import now_ms
from tests.e2e.browsing import ListenerPage, Site, SpeakerPage, chromium, microphone, new_page, site
from tests.e2e.published import all_published, until_captured
from tests.e2e.talks import BABYLON, share_found

BEFORE_S = 3.0
CUT_S = 10.0
LAST_FRAMES_MS = 500.0
"""What was on its way from the microphone to the page's memory when the page was loaded again."""

UNNOTICED_MS = 250.0
"""A page that loads faster than this leaves no gap on the sample clock."""


@asynccontextmanager
async def cut(way: Forwarder) -> AsyncIterator[None]:
    """No network within the block, which lasts ten seconds at least."""
    mended = asyncio.get_running_loop().time() + CUT_S
    await way.stop()
    yield
    await asyncio.sleep(mended - asyncio.get_running_loop().time())
    await way.start()


async def restart(web: Site, service: str) -> None:
    """As an update would: it is asked to stop, and starts again."""
    instance = web.stack[service]
    before = instance.restarts
    instance.send(signal.SIGTERM)
    async with asyncio.timeout(60):
        while instance.restarts == before:  # noqa: ASYNC110 (a process is no event)
            await asyncio.sleep(0.05)
    await instance.ready()


async def test_nothing_is_lost_or_heard_twice_through_cut_networks_reloads_a_switch_and_restarts(
    platform: Platform, tmp_path: Path
) -> None:
    known = platform.provisioned
    faults: list[str] = []
    async with site(platform) as web, chromium(microphone(tmp_path, BABYLON, BEFORE_S)) as browser:
        speaker = SpeakerPage(await new_page(browser, web.door.speaker_page, faults))
        await speaker.sign_in(known.demo_speaker, known.demo_password)
        await speaker.create("Babylon")
        address = f"{web.door.listener_page}?tap#{speaker.session_id}"
        staying, loading, switching = [ListenerPage(await new_page(browser, address, faults)) for _ in range(3)]
        await staying.listen("Português")
        await loading.listen("Español")
        await switching.listen("Português")
        await speaker.go_on_air()

        await staying.heard_clips(2, "pt")
        async with cut(web.to_notifier):
            pass
        await staying.heard_clips(5, "pt")
        before_loading = await loading.take()
        await loading.page.reload()
        await switching.switch("es")

        await loading.heard_clips(2, "es")
        async with cut(web.to_ingest):
            await speaker.page.get_by_text("No connection").wait_for()
            reloaded_at_ms = now_ms()
            await speaker.page.reload()
        await speaker.on_air()

        for service in SERVICES:
            await restart(web, service)
        all_of_it_ms = (BEFORE_S + duration_s(BABYLON)) * 1000
        await until_captured(platform.broker.cluster, speaker.session_id, all_of_it_ms, since_ms=reloaded_at_ms)
        await speaker.end()
        talk = await all_published(platform.broker.cluster, speaker.session_id, ["pt", "es"])
        for listener, language in ((staying, "pt"), (loading, "es"), (switching, "es")):
            await listener.heard_through(language, talk.promised(language)[-1])
        stayed, loaded, switched = [await listener.take() for listener in (staying, loading, switching)]
        read = await staying.read()
    assert not faults
    sound = [frame for frame in talk.frames if frame.pcm]
    # While the speaker's page was loaded nobody captured anything; nowhere else does the sample clock jump. The page
    # that goes captures until the next one comes, and one that comes fast leaves no gap.
    assert len(talk.gaps_ms()) <= 1
    jumped = (at for at in range(1, len(sound)) if sound[at].start_ms != sound[at - 1].end_ms)
    captured_later = (at for at, frame in enumerate(sound) if frame.captured_at_ms >= reloaded_at_ms)
    came = next(jumped if talk.gaps_ms() else captured_later)
    before, after = sound[:came], sound[came]
    missed_ms = after.captured_at_ms - (after.end_ms - after.start_ms) - before[-1].captured_at_ms
    assert abs(missed_ms - (after.start_ms - before[-1].end_ms)) < UNNOTICED_MS
    assert abs(reloaded_at_ms - before[-1].captured_at_ms) < LAST_FRAMES_MS
    assert share_found(np.frombuffer(b"".join(frame.pcm for frame in before), "<i2"), BABYLON) > 0.9
    said = " ".join(word.text for word in talk.words if word.start_ms >= before[-1].end_ms)
    errors = word_error_rate([BABYLON.with_suffix(".txt").read_text(encoding="utf-8")], [said])
    assert errors is not None
    assert errors <= 0.15
    for language in ("pt", "es"):
        talk.assert_every_word_once(language)
    assert read == srt(talk.cues("pt"))

    assert stayed.indexes("pt") == talk.promised("pt")
    assert before_loading.indexes("es") + loaded.indexes("es") == talk.promised("es")
    portuguese, spanish = switched.indexes("pt"), switched.indexes("es")
    assert portuguese == talk.promised("pt")[: len(portuguese)]
    assert spanish == talk.promised("es")[-len(spanish) :]
    next_ms = talk.captions["pt"][portuguese[-1] + 1].end_ms
    assert talk.captions["es"][spanish[0]].start_ms <= next_ms
    for heard in (stayed, before_loading, loaded, switched):
        heard.assert_one_voice()
