"""Every state of the listener's page, and how it comes about."""

from playwright.async_api import expect

from tests.pages.scripted import SEGMENT_MS
from tests.pages.states import States
from tests.pages.visit import Visit

STATES = States("listener")


@STATES.add
async def asks_for_a_code(at: Visit) -> None:
    await at.listener("")
    await at.see("Code or link of the talk")


@STATES.add
async def not_a_code(at: Visit) -> None:
    await at.listener("")
    await at.page.get_by_role("textbox").fill("../")
    await at.press("Open")
    await at.see("This is neither a code nor a link of a talk.")


@STATES.add
async def no_such_talk(at: Visit) -> None:
    at.services.refused["get"] = 404
    await at.listener()
    await at.see("There is no such talk.")


@STATES.add
async def no_talk_of_such_a_code(at: Visit) -> None:
    at.services.refused["get"] = 404
    await at.listener("")
    await at.page.get_by_role("textbox").fill("K7F-2QXB")
    await at.press("Open")
    await at.see("There is no such talk.")


@STATES.add
async def over_before_one_came(at: Visit) -> None:
    at.services.refused["get"] = 410
    await at.listener()
    await at.see("This talk has ended.")


@STATES.add
async def too_many_wrong_codes(at: Visit) -> None:
    at.services.refused["get"] = 429
    await at.listener()
    await at.see("Too many wrong codes")


@STATES.add
async def looking_for_the_talk(at: Visit) -> None:
    await at.page.route("**/sessions/*", lambda _: None)
    await at.listener()
    await at.see("Looking for the talk…")


@STATES.add
async def services_unreachable(at: Visit) -> None:
    at.services.down = True
    await at.listener()
    await at.see("The service can’t be reached.")


@STATES.add
async def welcome(at: Visit) -> None:
    await at.listener()
    await at.see("Your language")


@STATES.add
async def welcome_in_a_language_that_can_be_heard(at: Visit) -> None:
    await at.listener()
    await at.page.get_by_role("radio", name="Português").check()
    await at.see("Earphones keep the hall quiet.")


@STATES.add
async def welcome_in_a_language_without_a_voice(at: Visit) -> None:
    await at.listener()
    await at.page.get_by_role("radio", name="Català").check()
    await at.see("There is no voice for this language")


@STATES.add
async def lobby(at: Visit) -> None:
    at.services.segments, at.services.talk["state"] = 0, "created"
    await at.listen()
    await at.see("The talk hasn’t begun yet.")


@STATES.add
async def nothing_said_yet(at: Visit) -> None:
    at.services.segments = 0
    await at.listen()
    await at.see("The next words will appear here.")


@STATES.add
async def listening(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.services.say(2)
    await expect(at.page.locator("[data-hearing=true]")).to_be_visible()
    await at.see("behind")


@STATES.add
async def listening_in_high_contrast(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.press("Settings")
    await at.page.get_by_label("Appearance").select_option("contrast")
    await at.press("Close")
    await at.services.say(2)
    await expect(at.page.locator("[data-hearing=true]")).to_be_visible()


@STATES.add
async def reading(at: Visit) -> None:
    await at.listen(how="Only read")
    await at.captioned(19)
    await at.services.say()
    await at.see("behind")


@STATES.add
async def reading_what_is_being_said(at: Visit) -> None:
    await at.listen("English", "Read")
    await at.captioned(19)
    await at.services.tell({"type": "partial", "text": "Between the two is all that", "follows": 19})
    await at.see("Between the two is all that")


@STATES.add
async def the_original_beside(at: Visit) -> None:
    await at.listen(showOriginal=True)
    await at.captioned(19)
    await at.services.tell({"type": "partial", "text": "Between the two is all that", "follows": 19})
    await at.see("Between the two is all that")


@STATES.add
async def in_the_largest_text(at: Visit) -> None:
    await at.listen(textSize=5)
    await at.captioned(19)


@STATES.add
async def from_right_to_left(at: Visit) -> None:
    at.services.segments = 7
    await at.listen("العربية", "Read")
    await at.captioned(6)


@STATES.add
async def a_rough_translation(at: Visit) -> None:
    await at.listen("Français")
    await at.see("rough translation")


@STATES.add
async def a_language_without_a_voice(at: Visit) -> None:
    await at.listen()
    await at.page.get_by_label("Language").select_option("ca")
    await at.see("There is no voice for this language")
    await at.captioned(19)


@STATES.add
async def the_speaker_pauses(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.services.be("paused")
    await at.see("The speaker is taking a break.")


@STATES.add
async def the_speaker_is_muted(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.services.be("muted")
    await at.see("The speaker’s microphone is off.")


@STATES.add
async def the_listener_pauses(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.press("Pause")
    await at.see("Go on")


@STATES.add
async def the_listener_mutes(at: Visit) -> None:
    await at.listen()
    await at.press("Mute")
    await expect(at.page.get_by_role("button", name="Mute", pressed=True)).to_be_visible()


@STATES.add
async def the_last_words_are_on_their_way(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.services.be("ended")
    await at.services.say()
    await at.see("The speaker has ended. The last words are still on their way.")


@STATES.add
async def ended(at: Visit) -> None:
    await at.listen(how="Only read")
    await at.captioned(19)
    await at.services.end()
    await at.see("The talk has ended. Thank you")


@STATES.add
async def no_room(at: Visit) -> None:
    at.services.listeners_close, at.services.listeners_error = 1013, "full"
    await at.listen()
    await at.see("There is no room for more listeners")


@STATES.add
async def connection_lost(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    at.services.down = True
    await at.services.close_listeners(1012)
    await at.see("The connection was lost.")


@STATES.add
async def scrolled_up(at: Visit) -> None:
    await at.listen(how="Only read", textSize=3)
    await at.captioned(19)
    await at.page.get_by_role("region", name="Captions").press("PageUp")
    await at.see("Newest")


@STATES.add
async def settings(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.press("Settings")
    await at.see("Captions so far, as a file")


@STATES.add
async def far_behind(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.services.say(20_000 // SEGMENT_MS)
    await at.see("You are far behind the speaker.")


@STATES.add
async def the_service_is_far_behind(at: Visit) -> None:
    at.services.behind_ms = 32_200
    await at.listen()
    await at.captioned(19)
    await at.services.say()
    await at.see("the service is far behind the speaker.")


@STATES.add
async def too_much_was_waiting(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    await at.press("Pause")
    await at.services.say(130_000 // SEGMENT_MS)
    await at.see("You were far behind, so the oldest part was left out.")


@STATES.add
async def missed_while_away(at: Visit) -> None:
    await at.listen()
    await at.captioned(19)
    at.services.gap = (20, 22)
    at.services.segments = 23
    await at.services.close_listeners(1012)
    await at.see("could not be fetched")


@STATES.add
async def not_all_of_it_worked(at: Visit) -> None:
    at.services.untranslated.add(20)
    at.services.clips[21] = iter([404] * 9)
    await at.listen()
    await at.captioned(19)
    await at.services.say(4)
    await at.see("not translated")
    await at.see("not spoken")
