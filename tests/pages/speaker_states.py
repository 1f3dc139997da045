"""Every state of the speaker's page, and how it comes about."""

import re

from playwright.async_api import expect

from tests.pages.scripted import EMAIL
from tests.pages.states import States
from tests.pages.talk import LANGUAGES
from tests.pages.visit import Visit

STATES = States("speaker")

PASSWORD = "a-long-enough-password-1"

ABOUT_1_9_S = re.compile(r"^(1\.[789]|2\.[01]) s$")
"""The services' lag, as a page shows it that knows their clock no better than their first message took to arrive."""

_MICROPHONE = """(() => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    if (window.refusal !== undefined) throw new DOMException('', window.refusal);
    window.microphone = await open(wanted);
    return window.microphone;
  };
})()"""
"""Refused with ``window.refusal``; what was opened is ``window.microphone``."""

_FAST_SPEECH = """(() => {
  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(...given) {
      super(...given);
      this.port.addEventListener('message', ({ data, isTrusted }) => {
        if (!isTrusted) return;
        for (let more = 0; more < 30; more++)
          this.port.dispatchEvent(new MessageEvent('message', { data: { ...data } }));
      });
    }
  };
})()"""
"""Each level that is measured counts for thirty: half a minute of speech passes in a second."""

_INSECURE = """(() => {
  Object.defineProperty(window, 'isSecureContext', { value: false });
  Object.defineProperty(navigator, 'mediaDevices', { value: undefined });
})()"""
"""As at an address of a network, without HTTPS."""

NO_DATABASE = "indexedDB.open('dragoman-speaker', 1000)"
"""One of a version to come, which neither the page nor its worker can open, as where storage is forbidden."""


async def _happens_to_the_microphone(at: Visit, event: str) -> None:
    await at.page.wait_for_function("microphone instanceof MediaStream")
    await at.page.evaluate(f"microphone.getTracks()[0].dispatchEvent(new Event('{event}'))")


async def _prepare(at: Visit) -> None:
    at.services.talk["state"] = "created"
    await at.speaker()
    await at.page.get_by_role("button", name="Open").first.click()
    await at.see("Turn on the microphone")


async def _turn_the_microphone_on(at: Visit, refusal: str | None = None) -> None:
    await at.page.add_init_script(_MICROPHONE)
    await _prepare(at)
    if refusal is not None:
        await at.page.evaluate(f"window.refusal = '{refusal}'")
    await at.press("Turn on the microphone")


async def _see_that_it_cannot_go_on_air(at: Visit) -> None:
    go = at.page.get_by_role("button", name="Go on air")
    await expect(go).to_be_disabled()
    await expect(go).to_have_accessible_description("Turn on the microphone first.")


@STATES.add
async def sign_in(at: Visit) -> None:
    await at.speaker(signed_in=False)
    await at.see("E-mail")


@STATES.add
async def wrong_password(at: Visit) -> None:
    at.services.refused_actions["InitiateAuth"] = "NotAuthorizedException"
    await at.speaker(signed_in=False)
    await at.page.get_by_label("E-mail").fill(EMAIL)
    await at.page.get_by_label("Password").fill(PASSWORD)
    await at.press("Sign in")
    await at.see("E-mail and password don’t match.")


@STATES.add
async def sign_up(at: Visit) -> None:
    await at.speaker(signed_in=False)
    await at.press("Create an account")
    await at.see("At least 12 characters.")


@STATES.add
async def confirm_the_address(at: Visit) -> None:
    await sign_up(at)
    await at.page.get_by_label("E-mail").fill(EMAIL)
    await at.page.get_by_label("Password").fill(PASSWORD)
    await at.press("Create an account")
    await at.see(f"A code was sent to {EMAIL}.")


@STATES.add
async def forgot_the_password(at: Visit) -> None:
    await at.speaker(signed_in=False)
    await at.press("Forgot your password?")
    await at.see("Send a code")
    await at.see("Back to sign in")


@STATES.add
async def a_new_password(at: Visit) -> None:
    await forgot_the_password(at)
    await at.page.get_by_label("E-mail").fill(EMAIL)
    await at.press("Send a code")
    await at.see("New password")


@STATES.add
async def not_configured(at: Visit) -> None:
    await at.page.route("**/config.json", lambda route: route.fulfill(status=404))
    await at.speaker()
    await at.see("This page could not find out where its services are.")


@STATES.add
async def no_talk_yet(at: Visit) -> None:
    at.services.talks.clear()
    await at.speaker()
    await at.see("No talk yet.")


@STATES.add
async def talks(at: Visit) -> None:
    at.services.talks.append(at.services.talk | {"title": "The river under the car park", "state": "created"})
    await at.speaker()
    await at.see("Your talks")
    await at.see("Appearance")
    await expect(at.page.get_by_role("group", name="Listeners can choose").get_by_role("listitem")).to_have_text(
        [name for code, (name, _, _) in LANGUAGES.items() if code != "en"]
    )


@STATES.add
async def talks_unreachable(at: Visit) -> None:
    at.services.down = True
    await at.speaker()
    await at.see("The service does not answer.")


@STATES.add
async def a_new_talk_in_chosen_languages(at: Visit) -> None:
    await at.speaker()
    await at.page.get_by_label("Title").fill("A talk")
    await at.page.get_by_label("Only these languages").check()
    await at.press("Create and get ready")
    await at.see("Choose at least one language.")


@STATES.add
async def a_new_talk_refused(at: Visit) -> None:
    at.services.refused["create"] = 400
    await at.speaker()
    await at.page.get_by_label("Title").fill("A talk")
    await at.press("Create and get ready")
    await at.see("That was refused")


@STATES.add
async def getting_ready(at: Visit) -> None:
    await _prepare(at)
    await at.see("Only this computer can open this link.")
    await _see_that_it_cannot_go_on_air(at)


@STATES.add
async def no_microphone_without_https(at: Visit) -> None:
    await at.page.add_init_script(_INSECURE)
    at.services.talk["state"] = "created"
    await at.speaker()
    await at.page.get_by_role("button", name="Open").first.click()
    await at.see(f"only to pages over HTTPS, or at {at.site.speaker_page} on the computer itself")
    await _see_that_it_cannot_go_on_air(at)
    await expect(at.page.get_by_role("button", name="Try again")).to_be_hidden()


@STATES.add
async def microphone_refused(at: Visit) -> None:
    await _turn_the_microphone_on(at, "NotAllowedError")
    await at.see("The microphone is blocked.")


@STATES.add
async def no_microphone(at: Visit) -> None:
    await _turn_the_microphone_on(at, "NotFoundError")
    await at.see("No microphone was found.")
    await _see_that_it_cannot_go_on_air(at)


@STATES.add
async def microphone_busy(at: Visit) -> None:
    await _turn_the_microphone_on(at, "NotReadableError")
    await at.see("Another program has the microphone to itself.")


@STATES.add
async def ready(at: Visit) -> None:
    await _turn_the_microphone_on(at)
    await at.press("Test the connection")
    await at.see("The sound is good.")
    await at.see("Live connection")


@STATES.add
async def connection_blocked(at: Visit) -> None:
    await _prepare(at)
    at.services.down = True
    await at.press("Test the connection")
    await at.see("The service does not answer.")


@STATES.add
async def recording_a_test(at: Visit) -> None:
    await _turn_the_microphone_on(at)
    await at.press("Record five seconds and listen")
    await at.see("Recording: say a sentence …")


@STATES.add
async def the_way_in_full_screen(at: Visit) -> None:
    await _prepare(at)
    await at.press("Show full screen")
    await at.see("Scan to listen in your language")


@STATES.add
async def on_air_elsewhere(at: Visit) -> None:
    await at.speaker()
    await at.page.get_by_role("button", name="Open").first.click()
    await at.see("This talk is on air.")


@STATES.add
async def on_air(at: Visit) -> None:
    await at.speaker(on_air=True)
    await expect(at.page.get_by_role("heading", name="Listeners 239")).to_be_visible()
    await at.spoken(15)  # lag is shown of what comes a second after the join
    await at.services.say(2)
    await at.services.tell({"type": "partial", "text": "and it is time", "follows": at.services.segments - 1})
    await at.see("and it is time")
    await at.see(ABOUT_1_9_S)


@STATES.add
async def far_behind(at: Visit) -> None:
    at.services.behind_ms = 31_800
    await at.speaker(on_air=True)
    await expect(at.page.get_by_role("heading", name="Listeners 239")).to_be_visible()
    await at.spoken(15)
    await at.services.say(2)
    await at.see("Listeners hear you, about 30 s later.")
    await at.see("Listeners are about 30 s behind.")


@STATES.add
async def on_air_to_nobody(at: Visit) -> None:
    at.services.talk["listeners"], at.services.segments = {}, 0
    await at.speaker(on_air=True)
    await at.see("Nobody is listening yet.")


@STATES.add
async def microphone_settings(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.page.get_by_text("Microphone settings").click()
    await at.see("Suppress noise")


@STATES.add
async def muted(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.press("Mute")
    await at.see("A word aside")
    await at.see("Nothing of what you say is sent now.")


@STATES.add
async def paused(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.see("The sound is good.")
    await at.press("Pause")
    await at.see("A break")
    await at.see("Nothing of what you say is sent now.")
    await expect(at.shown("The sound is good.")).to_be_hidden()
    await expect(at.shown("Text is behind by")).to_be_hidden()
    await expect(at.page.get_by_role("button", name="Continue")).to_be_visible()


@STATES.add
async def no_connection(at: Visit) -> None:
    await at.speaker(on_air=True)
    at.services.down = True
    await at.services.close_speakers(1012)
    await at.see("s kept")


@STATES.add
async def to_be_ended(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.press("End")
    await at.see("End the talk?")


@STATES.add
async def to_be_ended_with_words_kept(at: Visit) -> None:
    await no_connection(at)
    await at.press("End")
    await at.see("End without them")


@STATES.add
async def keys(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.page.keyboard.press("?")
    await at.see("Use these keys")


@STATES.add
async def taken_over(at: Visit) -> None:
    await at.speaker(on_air=True)
    await at.services.close_speakers(4409)
    await at.see("Take over again here")


@STATES.add
async def not_understood(at: Visit) -> None:
    await at.page.add_init_script(_FAST_SPEECH)
    await at.speaker(on_air=True)
    await at.see("no text comes out")


@STATES.add
async def to_sign_in_again(at: Visit) -> None:
    await at.speaker(on_air=True)
    at.services.speakers_close = 4401
    at.services.refused_actions["GetTokensFromRefreshToken"] = "NotAuthorizedException"
    at.services.refused_actions["InitiateAuth"] = "NotAuthorizedException"
    await at.services.close_speakers(1012)
    await at.see("Sign in again")


@STATES.add
async def microphone_taken(at: Visit) -> None:
    await at.page.add_init_script(_MICROPHONE)
    await at.speaker(on_air=True)
    await _happens_to_the_microphone(at, "mute")
    await at.see("another program or its own switch")


@STATES.add
async def microphone_lost(at: Visit) -> None:
    await at.page.add_init_script(_MICROPHONE)
    await at.speaker(on_air=True)
    await _happens_to_the_microphone(at, "ended")
    await at.see("The microphone is gone.")


@STATES.add
async def on_air_without_storage(at: Visit) -> None:
    await at.page.add_init_script(NO_DATABASE)
    await at.speaker(on_air=True)
    await at.see("This browser keeps nothing for this page")


@STATES.add
async def the_end(at: Visit) -> None:
    await on_air(at)
    await at.press("End")
    await at.press("End the talk")
    await at.see("The talk is over")
    await at.see("Transcript")


@STATES.add
async def the_end_with_lines_to_come(at: Visit) -> None:
    at.services.finishing = False
    await on_air(at)
    await at.press("End")
    await at.press("End the talk")
    await at.see("The last lines are still on their way.")
    await at.see("Length so far")
    await at.see("Words so far")
    await at.see("Text and captions so far")


@STATES.add
async def the_end_of_nothing(at: Visit) -> None:
    await on_air_to_nobody(at)
    await at.press("End")
    await at.press("End the talk")
    await at.see("No text was received on this device.")
