"""A talk from Firefox to Firefox: a real microphone stream, a real loudspeaker stream, both without hardware."""

import asyncio
from pathlib import Path

import numpy as np

from services.cli.clients.audio import duration_s
from services.cli.evaluation.quality import word_error_rate
from services.cli.stack import Platform
from tests.e2e.browsing import microphone, site
from tests.e2e.firefox import Tab, firefox
from tests.e2e.heard import DRAINED, TAKE, Heard
from tests.e2e.published import published, until_captured
from tests.e2e.sound_card import sound_card
from tests.e2e.talks import IVORY, excerpt, recognized_back, share_found

PORTUGUESE = "document.querySelector('input[value=pt]')"


async def press(tab: Tab, name: str) -> None:
    """Click a button by its text, once it is there."""
    button = f"[...document.querySelectorAll('button')].find(one => one.textContent.trim() === {name!r})"
    await tab.until(f"(() => {{ const button = {button}; button?.click(); return button !== undefined; }})()")


async def fill(tab: Tab, label: str, value: str) -> None:
    """Type into the field with this label, once it is there."""
    await tab.until(
        f"""(() => {{
          const label = [...document.querySelectorAll('label')].find(one => one.textContent.startsWith({label!r}));
          if (label === undefined) return false;
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(label.control, {value!r});
          label.control.dispatchEvent(new Event('input', {{ bubbles: true }}));
          return true;
        }})()"""
    )


async def test_a_talk_captured_in_firefox_is_heard_in_firefox_as_captioned(platform: Platform, tmp_path: Path) -> None:
    recording = excerpt(tmp_path, IVORY, 28_400)
    (tmp_path / "sound").mkdir()
    async with (
        site(platform) as web,
        sound_card(tmp_path / "sound") as card,
        firefox(tmp_path, card.environment) as browser,
    ):
        speaker = await browser.tab()
        await speaker.open(web.door.speaker_page)
        await fill(speaker, "E-mail", platform.provisioned.demo_speaker)
        await fill(speaker, "Password", platform.provisioned.demo_password)
        await press(speaker, "Sign in")
        await fill(speaker, "Title", "Ivory")
        await press(speaker, "Create and get ready")
        link = await speaker.until("document.querySelector('a[href*=\"listener.html#\"]')?.href")
        session_id = link.partition("#")[2]

        listener = await browser.tab()
        await listener.open(f"{web.door.listener_page}?tap#{session_id}")
        await listener.until(f"(() => {{ {PORTUGUESE}?.click(); return {PORTUGUESE}?.checked; }})()")
        await press(listener, "Listen")

        await press(speaker, "Go on air")
        await speaker.until("document.body.innerText.includes('Listeners hear you.')")
        card.play(microphone(tmp_path, recording, before_s=0.0))
        spoken_ms = (duration_s(recording) + 2) * 1000
        await until_captured(web.stack.bootstrap, session_id, spoken_ms)
        await press(speaker, "End")
        await press(speaker, "End the talk")
        await listener.until("document.body.innerText.includes('The talk has ended.')", limit_s=90)
        await listener.until(DRAINED)
        heard = Heard.of(await listener.ask(TAKE))

    talk = await published(platform.broker.bootstrap, session_id)
    assert talk.gaps_ms() == []
    floor = np.frombuffer(b"".join(frame.pcm for frame in talk.frames), "<i2")
    assert share_found(floor, recording) > 0.9
    said = " ".join(word.text for word in talk.words)
    errors = word_error_rate([recording.with_suffix(".txt").read_text(encoding="utf-8")], [said])
    assert errors is not None
    assert errors <= 0.12
    talk.assert_every_word_once("pt")
    assert heard.indexes("pt") == talk.promised("pt")
    heard.assert_one_voice()
    back = await asyncio.to_thread(recognized_back, heard.sounds("pt"), "pt")
    difference = word_error_rate([" ".join(cue.text for cue in talk.cues("pt"))], [back])
    assert difference is not None
    assert difference <= 0.25
