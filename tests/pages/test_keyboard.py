"""Both pages by keyboard alone."""

import pytest
from playwright.async_api import expect

from tests.pages.scripted import EMAIL
from tests.pages.speaker_states import PASSWORD
from tests.pages.visit import Visit

pytestmark = pytest.mark.asyncio(loop_scope="package")

_MOST_TABS = 40
_NAME = """() => {
  const { activeElement: at } = document;
  return (at.ariaLabel ?? at.labels?.[0]?.textContent ?? at.textContent).trim();
}"""

_SEEN = """() => [document.activeElement, document.activeElement.closest('label')]
  .some((element) => element !== null && getComputedStyle(element).outlineStyle !== 'none')"""


async def tab_to(at: Visit, name: str) -> None:
    """Press Tab until a control of that name has the focus, which must be seen."""
    for _ in range(_MOST_TABS):
        await at.page.keyboard.press("Tab")
        if (await at.page.evaluate(_NAME)).startswith(name):
            assert await at.page.evaluate(_SEEN), f"{name} has the focus, and nobody sees it"
            return
    pytest.fail(f"{name} can't be reached by Tab")


async def press(at: Visit, name: str) -> None:
    await tab_to(at, name)
    await at.page.keyboard.press("Enter")


async def test_a_speaker_signs_in_goes_on_air_and_ends_the_talk_by_keyboard(at: Visit) -> None:
    at.services.talks.clear()
    keyboard = at.page.keyboard
    await at.speaker(signed_in=False)
    await at.see("E-mail")
    await tab_to(at, "E-mail")
    await keyboard.type(EMAIL)
    await tab_to(at, "Password")
    await keyboard.type(PASSWORD)
    await keyboard.press("Enter")

    await at.see("No talk yet.")
    await tab_to(at, "Title")
    await keyboard.type("A talk")
    await press(at, "Create and get ready")
    await at.see("Invite your listeners")
    await press(at, "Turn on the microphone")
    await expect(at.page.get_by_role("button", name="Go on air")).to_be_enabled()
    await press(at, "Go on air")
    await at.see("Listeners hear you.")

    await keyboard.press("m")
    await at.see("A word aside")
    await keyboard.press("m")
    await at.see("Listeners hear you.")
    await press(at, "End")
    await at.see("End the talk?")
    await press(at, "End the talk")
    await at.see("The talk is over")
    assert at.services.talk["title"] == "A talk"
    assert at.services.controls == ["mute", "resume", "end"]
    assert at.faults == []


async def test_a_listener_listens_switches_language_and_keeps_the_captions_by_keyboard(at: Visit) -> None:
    keyboard = at.page.keyboard
    await at.listener(tap=True)
    await at.see("Your language")
    await tab_to(at, "English")
    await keyboard.press("ArrowDown")
    await expect(at.page.get_by_role("radio", name="Português")).to_be_checked()
    await press(at, "Listen")
    await at.captioned(19)
    await at.services.say()
    await at.heard(20)

    await tab_to(at, "Language")
    await keyboard.press("ArrowDown")
    await expect(at.page.get_by_label("Language")).to_have_value("es")
    await at.services.say()
    await at.heard(20, 21)
    await press(at, "Pause")
    await at.see("Go on")
    await press(at, "Settings")
    async with at.page.expect_download() as downloading:
        await press(at, "SRT")
    assert (await downloading.value).suggested_filename.endswith(".srt")
    await keyboard.press("Escape")
    await expect(at.page.get_by_role("dialog")).to_be_hidden()
    assert [join["language"] for join in at.services.joins] == ["pt", "es"]
    assert at.faults == []
