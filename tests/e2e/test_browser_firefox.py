"""Firefox: what its microphone gives, and what its loudspeaker is given; both without hardware."""

import asyncio
from pathlib import Path

from services.cli.clients.audio import duration_s
from services.cli.evaluation.quality import word_error_rate
from services.cli.evaluation.talk import Audience, give
from services.cli.stack import Platform
from services.cli.stack.system import started
from tests.e2e.browsing import microphone, site
from tests.e2e.firefox import Window, firefox
from tests.e2e.following import Progress
from tests.e2e.heard import TAKE, Heard, heard_through
from tests.e2e.published import published, until_captured
from tests.e2e.sound_card import sound_card
from tests.e2e.talks import IVORY, excerpt, recognized_back

AUDIENCE = (Audience("pt"),)
PACE_MS = 300.0
"""Between sample clock and wall clock, over the whole of it."""
PORTUGUESE = "document.querySelector('input[value=pt]')"


async def press(page: Window, name: str) -> None:
    """Click a button by its text, once it can be pressed."""
    button = f"[...document.querySelectorAll('button:enabled')].find(one => one.textContent.trim() === {name!r})"
    await page.until(f"(() => {{ const button = {button}; button?.click(); return button !== undefined; }})()")


async def fill(page: Window, label: str, value: str) -> None:
    """Type into the field with this label, once it is there."""
    await page.until(
        f"""(() => {{
          const label = [...document.querySelectorAll('label')].find(one => one.textContent.startsWith({label!r}));
          if (label === undefined) return false;
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(label.control, {value!r});
          label.control.dispatchEvent(new Event('input', {{ bubbles: true }}));
          return true;
        }})()"""
    )


async def test_what_firefox_captures_is_transcribed_as_it_was_spoken(platform: Platform, tmp_path: Path) -> None:
    recording = excerpt(tmp_path, IVORY, 15_000)
    async with (
        site(platform) as web,
        sound_card(tmp_path / "sound") as card,
        firefox(tmp_path, card.environment) as browser,
    ):
        page = await browser.page()
        await page.open(web.door.speaker_page)
        await fill(page, "E-mail", platform.provisioned.demo_speaker)
        await fill(page, "Password", platform.provisioned.demo_password)
        await press(page, "Sign in")
        await fill(page, "Title", "Ivory")
        await press(page, "Create and get ready")
        link = await page.until("document.querySelector('a[href*=\"listener.html#\"]')?.href")
        session_id = link.partition("#")[2]
        await press(page, "Turn on the microphone")
        await press(page, "Go on air")
        await page.until("document.body.innerText.includes('Listeners hear you.')")
        card.play(microphone(tmp_path, recording, before_s=0.0))
        spoken_ms = (duration_s(recording) + 2) * 1000
        await until_captured(web.stack.cluster, session_id, spoken_ms)
        await press(page, "End")
        await press(page, "End the talk")
        await page.until("document.body.innerText.includes('The talk is over')")

    talk = await published(platform.broker.cluster, session_id)
    assert talk.gaps_ms() == []
    behind = [frame.captured_at_ms - frame.end_ms for frame in talk.frames if frame.pcm]
    assert max(behind) - min(behind) < PACE_MS
    said = " ".join(word.text for word in talk.words)
    errors = word_error_rate([recording.with_suffix(".txt").read_text(encoding="utf-8")], [said])
    assert errors is not None
    assert errors <= 0.15


async def test_what_firefox_plays_is_what_was_captioned(platform: Platform, tmp_path: Path) -> None:
    progress = Progress()
    async with (
        site(platform) as web,
        sound_card(tmp_path / "sound") as card,
        firefox(tmp_path, card.environment) as browser,
        asyncio.TaskGroup() as tasks,
    ):
        page = await browser.page()
        talk = tasks.create_task(
            give(started(web.stack), excerpt(tmp_path, IVORY, 28_400), "en", AUDIENCE, on_notice=progress.on_notice)
        )
        await page.open(f"{web.door.listener_page}?tap#{await progress.session()}")
        await page.until(f"(() => {{ {PORTUGUESE}?.click(); return {PORTUGUESE}?.checked; }})()")
        await press(page, "Listen")
        outcome = await talk
        captions = [caption for _, caption in outcome.hearings["pt"].captions]
        promised = [caption.index for caption in captions if caption.spoken]
        await page.until(heard_through("pt", promised[-1]))
        heard = Heard.of(await page.ask(TAKE))

    indexes = heard.indexes("pt")
    assert len(indexes) > 3
    assert indexes == promised[-len(indexes) :]
    heard.assert_one_voice()
    back = await asyncio.to_thread(recognized_back, heard.sounds("pt"), "pt")
    difference = word_error_rate([" ".join(caption.text for caption in captions[indexes[0] :])], [back])
    assert difference is not None
    assert difference <= 0.25
