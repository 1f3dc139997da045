"""Nobody is kept out of any state of the pages."""

import pytest

from tests.pages import listener_states, speaker_states
from tests.pages.checks import sideways, small_targets, violations
from tests.pages.states import Reach
from tests.pages.visit import DESKTOP, NARROW, Visit

pytestmark = pytest.mark.asyncio(loop_scope="package")

STATES = [pytest.param(reach, id=name) for name, reach in (*listener_states.STATES, *speaker_states.STATES)]


@pytest.mark.parametrize("reach", STATES)
async def test_a_state_is_for_everybody_on_any_screen_and_the_browser_has_nothing_to_complain_of(
    reach: Reach, at: Visit
) -> None:
    await at.page.emulate_media(color_scheme="light")
    await at.page.set_viewport_size(NARROW)
    await reach(at)
    found = [*await sideways(at.page), *await small_targets(at.page), *await violations(at.page)]
    await at.page.emulate_media(color_scheme="dark")
    await at.page.set_viewport_size(DESKTOP)
    found += [*await small_targets(at.page), *await violations(at.page)]
    assert found == []
    assert at.faults == []
