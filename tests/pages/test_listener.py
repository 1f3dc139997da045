"""The listener's page under bad conditions."""

import asyncio
import itertools
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browsing import chromium, until
from tests.pages.scripted import TALK, Site
from tests.pages.visit import Visit, visit

pytestmark = pytest.mark.asyncio(loop_scope="package")

_NO_STORAGE = """for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, {
  get() { throw new DOMException('denied', 'SecurityError'); },
})"""
_WAIT = """(() => {
  window.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      if (window.closedAtMs !== undefined) window.waitedMs ??= performance.now() - window.closedAtMs;
      this.addEventListener('close', () => { window.closedAtMs ??= performance.now(); });
    }
  };
})()"""
"""In ``window.waitedMs``: from the first close of a socket to the next try."""
_LISTENERS = 8
_SPREAD_MS = 60
"""Waits are spread evenly over 450 ms: that eight are nearer than this to each other happens once in 100,000 times."""


@pytest.mark.parametrize("code", [1011, 1012, 1013, 4408])
async def test_a_listener_whose_socket_closes_for_a_while_is_told_and_comes_back_after_the_last_index(
    at: Visit, code: int
) -> None:
    await at.listen(how="Only read")
    await at.captioned(19)
    at.services.down = True
    await at.services.close_listeners(code)
    await at.see("The connection was lost.")
    at.services.down = False
    at.services.segments += 2
    await at.captioned(21)
    await expect(at.shown("The connection was lost.")).to_have_count(0)
    assert at.services.joins[1]["after"] == 19
    assert at.faults == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1009, "This page and the service don’t understand each other."),
        (4400, "This page and the service don’t understand each other."),
        (4404, "There is no such talk."),
        (4406, "Your language"),
        (4410, "This talk has ended."),
        (4429, "Too many wrong codes were tried lately."),
    ],
)
async def test_a_listener_who_is_not_let_in_is_told_why(at: Visit, code: int, words: str) -> None:
    at.services.listeners_close = code
    await at.listen()
    await at.see(words)
    assert len(at.services.joins) == 1
    assert at.faults == []


@pytest.mark.parametrize("code", [1000, 4410])
async def test_what_was_read_of_a_talk_stays_when_it_is_over(at: Visit, code: int) -> None:
    await at.listen(how="Only read")
    await at.captioned(19)
    await at.services.close_listeners(code)
    await at.see("The talk has ended. Thank you for listening.")
    await at.captioned(19)


async def test_a_talk_whose_last_words_still_come_has_not_ended_and_can_not_be_saved_as_if_it_had(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.services.be("ended")
    await at.see("The speaker has ended. The last words are still on their way.")
    await at.services.say()
    await at.captioned(20)
    await expect(at.shown("Thank you for listening.")).to_have_count(0)
    await expect(at.page.get_by_role("group", name="Captions so far")).to_have_count(0)
    await at.services.end()
    await at.see("The talk has ended. Thank you for listening.")
    await expect(at.shown("on their way")).to_have_count(0)
    await expect(at.page.get_by_role("group", name="Captions so far")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "remarks"),
    [("Français", "rough translation"), ("Català", "to read"), ("English", "as spoken, to read")],
)
async def test_how_a_language_is_served_is_said_where_it_is_chosen(at: Visit, language: str, remarks: str) -> None:
    await at.listener()
    await expect(at.page.get_by_role("radio", name=f"{language} {remarks}", exact=True)).to_be_visible()


async def test_a_language_without_a_voice_is_offered_to_be_read_and_nothing_else(at: Visit) -> None:
    await at.listener()
    await at.page.get_by_role("radio", name="Català").check()
    await expect(at.page.get_by_role("button")).to_have_text(["Read"])
    await at.press("Read")
    await at.captioned(19)
    assert at.services.joins[0]["audio"] is False


async def test_who_is_shown_the_spoken_language_learns_how_to_hear_another(at: Visit) -> None:
    await at.listener()
    await expect(at.page.get_by_role("radio", name="English")).to_be_checked()
    await at.see("To hear a translation, choose another language.")
    await at.page.get_by_role("radio", name="Português").check()
    await expect(at.shown("To hear a translation")).to_have_count(0)
    await expect(at.page.get_by_role("button")).to_have_text(["Listen", "Only read"])


async def test_a_wrong_code_stays_to_be_mended(at: Visit) -> None:
    at.services.refused["get"] = 404
    await at.listener("")
    field = at.page.get_by_role("textbox")
    await field.fill("k7f 2qxb")
    await at.press("Open")
    await at.see("There is no such talk.")
    await expect(field).to_have_value("k7f 2qxb")


@pytest.mark.parametrize("written", ["K7F2QX", "K7F2QXAB", "K7F2QX0"])
async def test_what_can_not_be_a_code_is_told_without_asking(at: Visit, written: str) -> None:
    asked: list[str] = []
    at.page.on("request", lambda request: asked.append(request.url))
    await at.listener("")
    await at.page.get_by_role("textbox").fill(written)
    await at.press("Open")
    await at.see("This is neither a code nor a link of a talk.")
    await expect(at.page.get_by_role("textbox")).to_have_value(written)
    assert not [url for url in asked if "/sessions" in url]


async def test_a_lost_connection_is_not_live(at: Visit) -> None:
    await at.listen(how="Only read")
    await at.captioned(19)
    await expect(at.page.get_by_text("Live", exact=True)).to_be_visible()
    at.services.down = True
    await at.services.close_listeners(1012)
    await at.see("The connection was lost.")
    await expect(at.page.get_by_text("Live", exact=True)).to_have_count(0)
    await at.see("Not connected")


async def test_before_the_start_there_is_nothing_to_pause(at: Visit) -> None:
    at.services.segments, at.services.talk["state"] = 0, "created"
    await at.listen()
    await at.see("The talk hasn’t begun yet.")
    await expect(at.page.get_by_role("button", name="Pause")).to_have_count(0)
    await at.services.be("live")
    await expect(at.page.get_by_role("button", name="Pause")).to_be_visible()


async def test_who_is_far_behind_through_the_service_is_told_so_and_not_offered_a_jump(at: Visit) -> None:
    at.services.behind_ms = 32_000
    await at.listen()
    await at.captioned(19)
    await at.services.say()
    await at.see("Everything comes late at the moment: the service is far behind the speaker.")
    await expect(at.page.get_by_role("button", name="Jump to now")).to_have_count(0)


async def test_a_clip_that_is_not_there_is_skipped_and_its_caption_says_so(at: Visit) -> None:
    at.services.clips[21] = itertools.repeat(404)
    await at.listen(tap=True)
    await at.captioned(19)
    await at.services.say(4)
    await at.heard(20, 22, 23)
    await expect(at.page.locator("[data-index='21'] + small")).to_have_text("[not spoken]")
    await expect(at.shown("not spoken")).to_have_count(1)


async def test_a_clip_whose_address_has_expired_is_fetched_from_a_new_one(at: Visit) -> None:
    await at.listen(tap=True)
    await at.captioned(19)
    at.services.oldest_signature = 2
    await at.services.say(3)
    await at.heard(20, 21, 22)
    assert {join["after"] for join in at.services.joins[1:]} <= {19, 20, 21}
    assert len(at.services.joins) > 1
    await expect(at.shown("not spoken")).to_have_count(0)


async def test_a_clip_that_is_refused_under_each_address_is_skipped_after_a_bounded_wait(at: Visit) -> None:
    at.services.clips[20] = itertools.repeat(403)
    await at.listen(tap=True)
    await at.captioned(19)
    await at.services.say(2)
    await at.heard(21)
    await expect(at.page.locator("[data-index='20'] + small")).to_have_text("[not spoken]")


async def test_clips_that_come_late_or_out_of_order_are_heard_in_order_and_once(at: Visit) -> None:
    at.services.clips_wait_s = {20: 1.5, 21: 1.0}
    await at.listen(tap=True)
    await at.captioned(19)
    await at.services.say(4, clips=False)
    for index in (20, 22, 21, 21, 23):
        await at.services.voice(index)
    await at.heard(20, 21, 22, 23)


async def test_a_message_of_an_unknown_type_changes_nothing(at: Visit) -> None:
    async with at.page.expect_console_message(lambda message: "unknown type poll" in message.text):
        await at.listen()
        await at.captioned(19)
        await at.services.tell({"type": "poll", "question": "?"})
    await at.services.say()
    await at.captioned(20)
    assert at.faults == []


async def test_lag_is_right_on_a_device_whose_clock_is_ten_minutes_off(at: Visit) -> None:
    at.services.clock_off_ms = 600_000
    await at.listen(tap=True)
    await at.captioned(19)
    await at.services.say()
    await at.heard(20)
    lag_ms = await at.page.get_by_test_id("lag").get_attribute("data-lag-ms")
    assert 1_900 <= float(lag_ms or 0) <= 5_000


async def test_a_browser_that_forbids_storage_is_good_enough_to_listen_with(at: Visit) -> None:
    await at.page.add_init_script(_NO_STORAGE)
    await at.listen(tap=True)
    await at.captioned(19)
    await at.press("Larger text")
    await at.services.say()
    await at.heard(20)
    assert at.faults == []


async def test_a_browser_that_blocks_sound_asks_for_a_tap_and_then_plays(web: Site) -> None:
    async with chromium(autoplay=False) as wary, visit(wary, web) as at:
        await at.listen(tap=True)
        await at.captioned(19)
        await at.page.reload()
        await at.see("Your browser waits for a tap before it plays sound.")
        await at.services.say()
        await at.press("Turn the sound on")
        await at.heard(20)
        await expect(at.shown("Your browser waits for a tap")).to_have_count(0)


async def test_listeners_who_lose_a_server_together_come_back_one_by_one(browser: Browser, web: Site) -> None:
    async with AsyncExitStack() as leaving:
        services = web.renew()

        async def listener() -> Visit:
            at = await leaving.enter_async_context(visit(browser, web, services))
            await at.page.add_init_script(_WAIT)
            await at.listen(how="Only read")
            await at.captioned(19)
            return at

        visits = await asyncio.gather(*(listener() for _ in range(_LISTENERS)))
        await services.close_listeners(1012)
        await asyncio.gather(*(until(at.page, "window.waitedMs !== undefined") for at in visits))
        waited_ms = [await at.page.evaluate("waitedMs") for at in visits]
        for at in visits:
            await expect(at.shown("The connection was lost.")).to_have_count(0)
    assert max(waited_ms) - min(waited_ms) > _SPREAD_MS
    assert max(waited_ms) < 2_000
    assert [join["session"] for join in services.joins] == [TALK] * 2 * _LISTENERS


async def test_a_title_is_text_whatever_it_holds(at: Visit) -> None:
    title = "<img src=x onerror='window.owned = 1'><script>window.owned = 1</script>{{7*7}}"
    at.services.talk["title"] = title
    await at.listen()
    await at.see(title)
    assert await at.page.locator("img[src='x']").count() == 0
    assert await at.page.evaluate("window.owned") is None
    assert at.faults == []
