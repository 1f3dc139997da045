"""The speaker's page under bad conditions."""

import pytest
from playwright.async_api import ViewportSize, expect

from tests.e2e.browsing import until
from tests.pages.scripted import TALK, Services
from tests.pages.speaker_states import ABOUT_1_9_S, far_behind, microphone_refused, ready, the_end_with_lines_to_come
from tests.pages.talk import text
from tests.pages.visit import DESKTOP, NARROW, PHONE, Visit

pytestmark = pytest.mark.asyncio(loop_scope="package")

_NO_STORAGE = """for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, {
  get() { throw new DOMException('denied', 'SecurityError'); },
})"""

_NO_CLIPBOARD = """window.real = navigator.clipboard;
Object.defineProperty(navigator, 'clipboard', { value: undefined });"""
"""As for a page by plain HTTP."""

_COVERED = """() => {
  const sections = [...document.querySelectorAll('main section')];
  const apart = (one, other) => one.bottom <= other.top || other.bottom <= one.top ||
    one.right <= other.left || other.right <= one.left;
  return sections.flatMap((one, at) => sections.slice(at + 1)
    .filter((other) => !apart(one.getBoundingClientRect(), other.getBoundingClientRect()))
    .map((other) => `${one.innerText}\\n---\\n${other.innerText}`));
}"""
"""Sections of which one lies on the other, in pairs."""


def assert_nothing_lost(services: Services) -> None:
    """Each frame that came follows the one before, in number and in time."""
    for before, after in zip(services.frames, services.frames[1:], strict=False):
        assert after.seq == before.seq + 1
        assert after.first_sample == before.first_sample + before.samples


@pytest.mark.parametrize("code", [1012, 1013, 4408])
async def test_a_speaker_whose_socket_closes_for_a_while_is_told_and_loses_no_word(at: Visit, code: int) -> None:
    await at.speaker(on_air=True)
    await at.spoken(1)
    at.services.down = True
    await at.services.close_speakers(code)
    await at.see("What you say is kept and will be sent.")
    at.services.down = False
    await at.see("Listeners hear you.")
    frames = len(at.services.frames)
    assert at.services.starts[-1]["next_seq"] > 0
    await at.spoken(frames + 10)
    assert_nothing_lost(at.services)
    assert at.faults == []


async def test_a_speaker_who_was_too_fast_waits_before_the_next_try(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.services.close_speakers(4429)
    await at.see("Next try in 5 s")
    assert len(at.services.starts) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4400, "The service did not understand this page."),
        (4403, "This talk belongs to another speaker."),
        (4404, "There is no such talk any more."),
        (4409, "another window or device has taken over"),
        (4410, "The talk is over"),
        (1000, "The talk is over"),
    ],
)
async def test_a_speaker_whose_talk_does_not_go_on_is_told_why(at: Visit, code: int, words: str) -> None:
    await at.speaker(on_air=True)
    await at.services.close_speakers(code)
    await at.see(words)
    assert len(at.services.starts) == 1
    assert at.faults == []


async def test_a_token_that_is_refused_is_renewed_without_a_word_to_the_speaker(at: Visit) -> None:
    await at.speaker(on_air=True)
    frames = len(at.services.frames)
    await at.services.close_speakers(4401)
    await at.spoken(frames + 10)
    await at.see("Listeners hear you.")
    assert len(at.services.starts) == 2
    assert_nothing_lost(at.services)


async def test_a_microphone_that_was_refused_can_be_allowed_later(at: Visit) -> None:
    await microphone_refused(at)
    await at.page.evaluate("window.refusal = undefined")
    await at.press("Try again")
    await expect(at.page.get_by_role("meter")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_nothing_is_covered_while_a_speaker_gets_ready(at: Visit, size: ViewportSize) -> None:
    await at.page.set_viewport_size(size)
    await ready(at)
    await at.page.evaluate("scrollTo(0, 0)")
    assert await at.page.evaluate(_COVERED) == []


async def test_a_break_lets_listeners_catch_up(at: Visit) -> None:
    await far_behind(at)
    at.services.behind_ms = 1_900
    await at.services.be("paused")
    await at.services.be("live")
    await at.services.say()
    await at.see(ABOUT_1_9_S)
    await expect(at.shown("Listeners are about")).to_be_hidden()
    await at.see("Listeners hear you.")


async def test_the_summary_is_complete_once_the_last_lines_have_come(at: Visit) -> None:
    await the_end_with_lines_to_come(at)
    await at.services.say()
    await at.services.end()
    await at.see("Text and captions to keep")
    await expect(at.shown("so far")).to_be_hidden()
    await expect(at.shown("The last lines are still on their way.")).to_be_hidden()


async def test_a_message_of_an_unknown_type_changes_nothing(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.services.tell_speakers({"type": "poll", "question": "?"})
    await at.spoken(len(at.services.frames) + 5)
    await at.see("Listeners hear you.")
    assert at.faults == []


async def test_frames_bear_the_services_time_on_a_device_whose_clock_is_ten_minutes_off(at: Visit) -> None:
    at.services.clock_off_ms = 600_000
    await at.speaker(on_air=True)
    await at.spoken(30)
    last = at.services.frames[-1]
    assert 0 <= last.came_at_ms - last.captured_at_ms < 3_000


async def test_the_latest_words_stay_in_sight_when_their_box_gets_smaller(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.page.set_viewport_size(NARROW)
    latest = at.page.get_by_role("log").get_by_text(text("en", at.services.segments - 1))
    await expect(latest).to_be_in_viewport()


async def test_a_browser_that_forbids_storage_still_lets_a_speaker_sign_in(at: Visit) -> None:
    await at.page.add_init_script(_NO_STORAGE)
    await at.speaker(signed_in=False)
    await at.see("E-mail")
    assert at.faults == []


@pytest.mark.parametrize("clipboard", [True, False])
async def test_the_link_is_copied_by_plain_http_too(at: Visit, clipboard: bool) -> None:
    await at.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not clipboard:
        await at.page.add_init_script(_NO_CLIPBOARD)
    await at.speaker(on_air=True)
    await at.press("Copy link")
    await at.see("Copied")
    copied = await at.page.evaluate("(navigator.clipboard ?? real).readText()")
    assert copied == f"{at.site.listener_page}#{TALK}"
    assert at.faults == []


async def test_a_link_that_cannot_be_copied_is_selected(at: Visit) -> None:
    await at.page.add_init_script(f"{_NO_CLIPBOARD} document.execCommand = () => false;")
    await at.speaker(on_air=True)
    await at.press("Copy link")
    await until(at.page, f"getSelection().toString().endsWith('#{TALK}')")
    await expect(at.shown("Copied")).to_have_count(0)
    assert at.faults == []
