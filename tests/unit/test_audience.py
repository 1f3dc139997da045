"""The view of who listens."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from services.cli.clients.connection import GIVE_UP_S
from services.common.audience import LINGER_MS, MOVED_MS, STALE_MS, AudienceView, Listeners
from services.common.contracts import Audience
from services.notifier.audience import REPEAT_S


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def view(clock: Clock) -> AudienceView:
    return AudienceView(clock, clock)


def count(
    clock: Clock, listeners: int, hearing: int = 0, language: str = "pt", notifier: str = "1", *, awaited: bool = True
) -> Audience:
    return Audience(
        session_id="s",
        language=language,
        notifier_id=notifier,
        listeners=listeners,
        hearing=hearing,
        awaited=awaited,
        at_ms=clock.now,
    )


def test_counts_of_all_notifiers_add_up(view: AudienceView, clock: Clock) -> None:
    view.apply(count(clock, 3, 1))
    view.apply(count(clock, 4, 2, notifier="2"))
    view.apply(count(clock, 5, 5, language="es"))
    assert view.of("s", "pt") == Listeners(7, 3, speech_wanted=True)
    assert view.languages("s").keys() == {"pt", "es"}
    assert view.of("other", "pt") == Listeners()


def test_a_later_count_of_the_same_notifier_replaces_the_earlier(view: AudienceView, clock: Clock) -> None:
    view.apply(count(clock, 3))
    view.apply(count(clock, 1))
    assert view.of("s", "pt").listeners == 1


def test_a_dead_notifier_s_count_is_ignored_and_callers_are_told(view: AudienceView, clock: Clock) -> None:
    told: list[str] = []
    with view.watched(told.append):
        view.apply(count(clock, 3))
        clock.now += STALE_MS
        view.expire()
        assert view.of("s", "pt") == Listeners(wanted_for_ms=STALE_MS)
    assert told == ["s", "s"]


def test_repeated_counts_tell_nobody_anything(view: AudienceView, clock: Clock) -> None:
    told: list[str] = []
    view.apply(count(clock, 3))
    with view.watched(told.append):
        clock.now += 30_000
        view.apply(count(clock, 3))
        view.expire()
    assert told == []


def test_after_the_block_nobody_is_called_back(view: AudienceView, clock: Clock) -> None:
    told: list[str] = []
    with view.watched(told.append):
        pass
    view.apply(count(clock, 3))
    assert told == []


def test_a_language_is_wanted_for_a_while_after_the_last_listener_left_however_often_zero_is_repeated(
    view: AudienceView, clock: Clock
) -> None:
    view.apply(count(clock, 3))
    clock.now += 10_000
    view.apply(count(clock, 0))
    clock.now += LINGER_MS - 1
    view.apply(count(clock, 0))
    assert view.languages("s") == {"pt": Listeners(wanted_for_ms=10_000 + LINGER_MS - 1)}
    clock.now += 1
    assert view.languages("s") == {}
    view.expire()
    assert view.languages("s") == {}


def test_speech_is_wanted_for_a_while_after_the_last_who_took_it_left_though_others_read_on(
    view: AudienceView, clock: Clock
) -> None:
    view.apply(count(clock, 3, 1))
    clock.now += 100_000
    view.apply(count(clock, 3, 1))
    view.apply(count(clock, 2))
    left = clock.now
    while clock.now - left < LINGER_MS:
        assert view.of("s", "pt").speech_wanted
        clock.now += 30_000
        view.apply(count(clock, 2))
    assert not view.of("s", "pt").speech_wanted


def test_a_language_is_wanted_for_less_long_where_nobody_lost_the_connection(view: AudienceView, clock: Clock) -> None:
    view.apply(count(clock, 1, 1))
    clock.now += 10_000
    view.apply(count(clock, 0, awaited=False))
    clock.now += MOVED_MS - 1
    assert view.of("s", "pt").speech_wanted
    clock.now += 1
    assert view.languages("s") == {}
    view.expire()


def test_speech_is_wanted_for_less_long_where_whoever_took_it_only_reads_now(view: AudienceView, clock: Clock) -> None:
    view.apply(count(clock, 1, 1))
    clock.now += 10_000
    view.apply(count(clock, 1, awaited=False))
    clock.now += MOVED_MS - 1
    assert view.of("s", "pt").speech_wanted
    clock.now += 1
    assert view.of("s", "pt") == Listeners(1, 0, wanted_for_ms=10_000 + MOVED_MS)


def test_for_how_long_a_language_has_been_wanted_is_known_through_lost_connections_and_other_notifiers(
    view: AudienceView, clock: Clock
) -> None:
    began = clock.now
    view.apply(count(clock, 1))
    for notifier in ("1", "2"):
        for listeners in (0, 1):
            clock.now += LINGER_MS - 1
            view.apply(count(clock, 1, notifier="1"))
            view.apply(count(clock, listeners, notifier=notifier))
    assert view.of("s", "pt").wanted_for_ms == clock.now - began
    clock.now += LINGER_MS
    view.apply(count(clock, 1))
    assert view.of("s", "pt").wanted_for_ms == 0


def test_for_how_long_a_language_has_been_wanted_is_known_when_the_notifier_that_counted_first_is_forgotten(
    view: AudienceView, clock: Clock
) -> None:
    began = clock.now
    view.apply(count(clock, 1, notifier="1"))
    for _ in range(3):
        clock.now += LINGER_MS - 1
        view.apply(count(clock, 1, notifier="2"))
        view.expire()
    assert view.of("s", "pt").wanted_for_ms == clock.now - began
    assert view.of("s", "es").wanted_for_ms == 0


def test_speech_is_wanted_while_any_notifier_s_listeners_may_come_back_for_it(view: AudienceView, clock: Clock) -> None:
    view.apply(count(clock, 1, 1, notifier="1"))
    view.apply(count(clock, 0, notifier="1"))
    view.apply(count(clock, 1, notifier="2"))
    assert view.of("s", "pt") == Listeners(1, 0, speech_wanted=True)


def test_who_takes_speech_is_not_made_up_for_readers(view: AudienceView, clock: Clock) -> None:
    view.apply(count(clock, 1))
    view.apply(count(clock, 0))
    assert view.of("s", "pt") == Listeners()


def test_a_view_that_begins_with_a_zero_takes_those_who_left_for_listeners_who_may_come_back_for_speech(
    view: AudienceView, clock: Clock
) -> None:
    view.apply(count(clock, 0))
    assert view.of("s", "pt") == Listeners(speech_wanted=True)


def test_a_language_goes_on_for_as_long_as_clients_try_to_come_back() -> None:
    assert LINGER_MS == 1000 * (GIVE_UP_S + REPEAT_S)


async def test_records_are_followed(view: AudienceView, clock: Clock) -> None:
    class EndOfTestError(Exception):
        pass

    async def records() -> AsyncIterator[Any]:
        yield SimpleNamespace(record=count(clock, 2))
        raise EndOfTestError

    with pytest.raises(ExceptionGroup):
        await view.run(records())
    assert view.of("s", "pt").listeners == 2


def test_a_count_from_a_clock_that_is_ahead_lasts_no_longer_than_others(view: AudienceView, clock: Clock) -> None:
    view.apply(msgspec.structs.replace(count(clock, 3), at_ms=clock.now + 1e9))
    clock.now += STALE_MS
    assert view.of("s", "pt").listeners == 0
    clock.now += LINGER_MS
    view.expire()
    assert view.languages("s") == {}


@pytest.mark.parametrize("step_ms", [-3_600_000.0, 3_600_000.0])
def test_listeners_stay_known_when_the_wall_clock_is_set(clock: Clock, step_ms: float) -> None:
    wall = Clock()
    view = AudienceView(clock, wall)
    view.apply(count(wall, 3))
    wall.now += step_ms
    view.expire()
    assert view.of("s", "pt").listeners == 3
