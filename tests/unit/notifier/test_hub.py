"""Sessions as listeners see them: who may join what, what the end means, what is kept."""

from dataclasses import dataclass

import msgspec
import pytest
from structlog.testing import capture_logs

from services.common import stages
from services.common.contracts import (
    MISSING,
    Audience,
    Caption,
    Final,
    Finished,
    LaneFinished,
    Partial,
    Recognition,
    Speech,
    State,
    Stretch,
    Word,
)
from services.common.languages import EngineSet
from services.notifier.audience import Audiences
from services.notifier.hub import Hub, Limits
from services.notifier.messages import Ended, Interim, Join, Joined, Refused, StateChanged, caption_notice
from services.notifier.room import Seat
from services.notifier.tail import Notice
from tests.unit.notifier.records import caption, final, session, speech

TRANSCRIBED = Finished(session_id="s1", language="en", end_ms=5_000)


HALL = "203.0.113.7"
"""Where listeners are, all of them behind one address."""


@dataclass
class World:
    hub: Hub
    audiences: Audiences
    now: float = 1_000_000.0

    def join(
        self, name: str = "s1", language: str = "pt", after: int | None = None, address: str = HALL, **more: bool
    ) -> Seat:
        return self.hub.join(Join(session=name, language=language, after=after, **more), lambda: None, address)

    def refusal(self, name: str = "s1", language: str = "pt", after: int | None = None, address: str = HALL) -> int:
        with pytest.raises(Refused) as refused:
            self.join(name, language, after, address)
        return refused.value.close

    def told(self, seat: Seat) -> list[object]:
        """Everything there is for this listener: indexes of notices, and messages."""
        all_: list[object] = []
        while (news := seat.next(self.now)) is not None:
            all_.append(news.record.index if isinstance(news, Notice) else news)
        return all_


@pytest.fixture
def world() -> World:
    return a_world()


def a_world(translator: EngineSet = "local", **limits: float) -> World:
    usual = {
        "tail_ms": 900_000.0,
        "tail_segments": 100,
        "kept_segments": 1_000,
        "listeners": 100,
        "session_listeners": 100,
        "finish_ms": 15_000.0,
    }
    merged = Limits(**(usual | limits))  # type: ignore[arg-type]
    audiences = Audiences("n1", lambda: made.now)
    made = World(Hub(merged, audiences, lambda: made.now, translator), audiences)
    return made


def test_a_session_is_joined_by_id_and_by_code_in_any_case(world: World) -> None:
    world.hub.take(session(code="Calm-Otter-7"), 0.0)
    for name in ("s1", "Calm-Otter-7", " calm-OTTER-7 "):
        joined = world.told(world.join(name))[0]
        assert isinstance(joined, Joined)
        assert joined.session_id == "s1"
    assert world.refusal("calm-otter-8") == 4404
    assert world.refusal("S1") == 4404


@pytest.mark.parametrize(
    ("targets", "language", "allowed"),
    [
        (("pt", "es"), "pt", True),
        (("pt", "es"), "en", True),
        (("pt", "es"), "fr", False),
        (None, "fr", True),
        (None, "xx", False),
        (("xx",), "xx", False),
    ],
)
def test_a_language_must_be_offered(
    world: World, targets: tuple[str, ...] | None, language: str, allowed: bool
) -> None:
    world.hub.take(session(target_languages=targets), 0.0)
    if allowed:
        world.join(language=language)
    else:
        assert world.refusal(language=language) == 4406


@pytest.mark.parametrize(("translator", "quality"), [("local", "draft"), ("aws", "good")])
def test_what_is_offered_and_how_good_it_is_depends_on_the_engines(translator: EngineSet, quality: str) -> None:
    world = a_world(translator)
    world.hub.take(session(target_languages=("fr", "gl", "ar")), 0.0)
    joined = world.told(world.join(language="fr"))[0]
    assert isinstance(joined, Joined)
    offers = {one.code: one for one in joined.languages}
    assert offers.keys() == ({"en", "fr", "gl"} if translator == "local" else {"en", "fr", "ar"})
    assert offers["fr"].quality == quality
    assert translator == "local" or offers["ar"].direction == "rtl"


def test_languages_are_offered_in_the_answer_as_a_listener_knows_them(world: World) -> None:
    world.hub.take(session(target_languages=("pt",)), 0.0)
    joined = world.told(world.join())[0]
    assert isinstance(joined, Joined)
    assert [(one.code, one.name, one.direction, one.speech) for one in joined.languages] == [
        ("en", "English", "ltr", False),
        ("pt", "Português", "ltr", True),
    ]


def test_the_end_refuses_joins_at_once_and_lets_the_pipeline_finish(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join()
    world.hub.take(caption(0), 0.0)
    assert world.told(seat)[1:] == [0]
    world.hub.take(session(state=State.ENDED), 0.0)
    assert world.told(seat) == [StateChanged(State.ENDED)]
    for name in ("s1", "calm-otter-7"):
        assert world.refusal(name) == 4410
    world.hub.take(speech(0), 0.0)
    world.hub.take(caption(1), 0.0)
    world.hub.take(speech(1), 0.0)
    assert world.told(seat) == [0, 1, 1]
    world.hub.take(LaneFinished(session_id="s1", language="pt", segments=2, previous_mark="."), 0.0)
    assert world.told(seat) == [Ended(2, ".")]
    assert seat.over
    world.hub.leave(seat)
    world.hub.sweep()
    assert world.refusal("s1") == 4410


def test_who_lost_the_connection_may_come_back_for_the_rest_of_an_ended_session(world: World) -> None:
    world.hub.take(session(), 0.0)
    for index in range(3):
        world.hub.take(caption(index, at=world.now), 0.0)
    world.hub.take(session(state=State.ENDED), 0.0)
    world.hub.take(LaneFinished(session_id="s1", language="pt", segments=3), 0.0)
    world.hub.sweep()
    assert world.told(world.join(after=0))[1:] == [1, 2, Ended(3)]
    assert world.told(world.join(after=-1))[1:] == [0, 1, 2, Ended(3)]


def test_an_announcement_from_before_the_end_that_comes_after_it_opens_nothing(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join()
    world.hub.take(session(state=State.ENDED), 0.0)
    world.hub.take(session(state=State.PAUSED), 0.0)
    world.hub.take(LaneFinished(session_id="s1", language="pt", segments=0), 0.0)
    assert world.told(seat)[1:] == [StateChanged(State.ENDED), Ended(0)]
    world.hub.leave(seat)
    world.now += 121_000
    world.hub.sweep()
    world.hub.take(session(state=State.PAUSED), 0.0)
    for name in ("s1", "calm-otter-7"):
        assert world.refusal(name) == 4410


def test_an_older_state_that_comes_late_changes_nothing(world: World) -> None:
    world.hub.take(session(state=State.PAUSED, revision=3), 0.0)
    seat = world.join()
    world.told(seat)
    world.hub.take(session(state=State.LIVE, revision=2, updated_at_ms=world.now), 0.0)
    assert world.told(seat) == []


def test_nobody_may_come_back_long_after_the_end(world: World) -> None:
    world.hub.take(session(), 0.0)
    world.hub.take(session(state=State.ENDED), 0.0)
    world.now += 121_000
    world.hub.sweep()
    assert world.refusal("s1", after=0) == 4410


def test_a_notifier_that_starts_after_the_end_still_serves_who_comes_back(world: World) -> None:
    world.hub.take(msgspec.structs.replace(session(state=State.ENDED), updated_at_ms=world.now - 5_000), 0.0)
    world.hub.take(caption(1), 0.0)
    assert world.told(world.join(after=0))[1:] == [1]
    assert world.refusal("s1") == 4410


def test_a_notifier_that_starts_reads_of_sessions_that_ended_long_ago_and_keeps_nothing(world: World) -> None:
    world.hub.take(session(updated_at_ms=1_000.0), 301_000.0)
    world.hub.take(session(state=State.ENDED, revision=1, updated_at_ms=2_000.0), 301_000.0)
    for after in (None, 0):
        assert world.refusal("s1", after=after) == 4410
    world.hub.sweep()
    assert world.hub.rooms == 0


def test_a_session_that_nobody_ended_is_over_when_its_topic_would_have_forgotten_it(world: World) -> None:
    hour_ms = 3_600_000.0
    world.hub.take(session(updated_at_ms=0.0), 49 * hour_ms)
    assert world.refusal("s1") == world.refusal("calm-otter-7") == 4410
    world.hub.take(session("s2", code="brisk-heron"), 0.0)
    seat = world.join("s2")
    world.now += 47 * hour_ms
    world.hub.sweep()
    world.join("brisk-heron", after=0)
    world.now += 2 * hour_ms
    world.hub.sweep()
    assert StateChanged(State.ENDED) in world.told(seat)
    assert world.refusal("s2") == world.refusal("brisk-heron") == 4410


def test_a_lane_that_finished_before_the_end_was_read_says_so_only_then(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join()
    world.hub.take(LaneFinished(session_id="s1", language="pt", segments=0), 0.0)
    assert len(world.told(seat)) == 1
    world.hub.take(session(state=State.ENDED), 0.0)
    assert world.told(seat) == [StateChanged(State.ENDED), Ended(0)]


def test_a_language_without_a_lane_ends_after_a_bounded_wait(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join(language="es")
    world.hub.take(session(state=State.ENDED), 0.0)
    world.hub.take(TRANSCRIBED, 0.0)
    world.told(seat)
    world.now += 14_999
    world.hub.sweep()
    assert world.told(seat) == []
    world.now += 1
    world.hub.sweep()
    assert world.told(seat) == [Ended(0)]


def test_the_wait_goes_on_while_something_still_comes(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join()
    world.hub.take(session(state=State.ENDED), 0.0)
    world.hub.take(TRANSCRIBED, 0.0)
    world.now += 14_000
    world.hub.take(caption(0, spoken=False), 0.0)
    world.now += 14_000
    world.hub.sweep()
    assert not any(isinstance(one, Ended) for one in world.told(seat))
    world.now += 1_000
    world.hub.sweep()
    assert world.told(seat) == [Ended(1)]


@pytest.mark.parametrize("language", ["pt", "en"])
def test_while_the_transcript_is_not_complete_its_last_words_are_waited_for_longer(world: World, language: str) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join(language=language)
    world.hub.take(session(state=State.ENDED), 0.0)
    world.told(seat)
    for _ in range(2):  # the transcriber is taken over, and goes on where it stood
        world.now += 119_999
        world.hub.sweep()
        assert not any(isinstance(one, Ended) for one in world.told(seat))
        world.hub.take(final(0, "good evening"), 0.0)
    world.now += 120_000
    world.hub.sweep()
    assert isinstance(world.told(seat)[-1], Ended)


def behind(world: World, *told: Caption | Speech) -> Seat:
    """Who listens to a talk of two finals that has ended, transcript and all, while the translator has told this."""
    world.hub.take(session(), 0.0)
    for index in range(2):
        world.hub.take(final(index, "good evening"), 0.0)
    for record in told:
        world.hub.take(record, 0.0)
    seat = world.join(after=-1)
    world.hub.take(TRANSCRIBED, 0.0)
    world.hub.take(session(state=State.ENDED, revision=1), 0.0)
    return seat


@pytest.mark.parametrize(
    "told", [(), (caption(0), speech(0)), (caption(0), speech(0), caption(1))], ids=["all", "words", "speech"]
)
def test_a_translator_that_is_away_as_the_talk_ends_is_waited_for_while_it_owes_the_last_words_or_their_speech(
    world: World, told: tuple[Caption | Speech, ...]
) -> None:
    seat = behind(world, *told)
    world.now += 119_999
    world.hub.sweep()
    assert not any(isinstance(one, Ended) for one in world.told(seat))
    for index in range(2):
        world.hub.take(caption(index), 0.0)
        world.hub.take(speech(index), 0.0)
    world.now += 14_999
    world.hub.sweep()
    assert not any(isinstance(one, Ended) for one in world.told(seat))
    world.now += 1
    world.hub.sweep()
    assert world.told(seat) == [Ended(2)]


def test_a_translator_that_does_not_come_back_is_not_waited_for_for_ever(world: World) -> None:
    seat = behind(world, caption(0), speech(0))
    world.now += 120_000
    with capture_logs() as logs:
        world.hub.sweep()
    room = world.hub._rooms["s1"]
    missing = room.tail("pt")[1].caption.record
    assert (missing.failed, missing.start_ms, missing.end_ms) == (MISSING, caption(0).end_ms, room.tail("en").end_ms)
    assert world.told(seat)[-2:] == [1, Ended(2)]
    assert [(one["event"], one["language"]) for one in logs] == [("end_never_came", "pt")]
    world.hub.take(caption(1), 0.0)  # too late
    assert world.told(seat) == []


def test_the_spoken_language_is_the_transcript_without_speech(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join(language="en")
    world.hub.take(final(0, "good evening"), 0.0)
    world.hub.take(final(1, ""), 0.0)
    seat.next(world.now)
    captions = [seat.next(world.now), seat.next(world.now)]
    records = [one.record for one in captions if isinstance(one, Notice)]
    assert [(one.index, one.text, one.start_ms, one.end_ms) for one in records] == [
        (0, "good evening", 0.0, 500.0),
        (1, "", 500.0, 500.0),
    ]
    assert all(not getattr(one, "spoken", True) for one in records)
    world.hub.take(session(state=State.ENDED), 0.0)
    world.hub.take(Finished(session_id="s1", language="en", end_ms=5_000, previous_mark="?"), 0.0)
    assert world.told(seat) == [StateChanged(State.ENDED), Ended(2, "?")]


def test_what_is_missing_is_told_in_the_spoken_language_too(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join(language="en")
    world.hub.take(final(0, "good evening"), 0.0)
    world.hub.take(Final(session_id="s1", language="en", index=1, words=(), missing=Stretch(500, 4_700)), 0.0)
    seat.next(world.now)
    captions = [seat.next(world.now), seat.next(world.now)]
    told = captions[1]
    assert isinstance(told, Notice)
    assert isinstance(told.record, Caption)
    notice = caption_notice(told.record, {}, 0.0, history=False)
    assert (notice.start_ms, notice.end_ms, notice.text, notice.missing_ms) == (500, 4_700, "", 4_200)
    assert notice.failed


def test_interim_words_go_to_those_who_asked_and_only_the_latest_while_they_hold(world: World) -> None:
    def partial(follows: int, *words: str) -> Partial:
        return Partial(session_id="s1", language="en", follows=follows, words=tuple(Word(word, 0, 1) for word in words))

    world.hub.take(session(), 0.0)
    asked, other = world.join(partials=True), world.join()
    world.told(asked), world.told(other)
    world.hub.take(partial(-1, "good"), 0.0)
    world.hub.take(partial(-1, "good", "evening"), 0.0)
    assert world.told(asked) == [Interim("good evening", -1)]
    assert world.told(other) == []
    world.hub.take(partial(-1, "good", "evening", "all"), 0.0)
    world.hub.take(final(0, "good evening"), 0.0)
    world.hub.take(partial(-1, "good", "evening"), 0.0)
    assert world.told(asked) == []
    world.hub.take(partial(0, "all"), 0.0)
    assert world.told(asked) == [Interim("all", 0)]


async def test_a_monitor_is_told_everything_and_not_counted(world: World) -> None:
    counted: list[tuple[str, int]] = []

    async def publish(record: Audience) -> None:
        counted.append((record.language, record.listeners))

    world.hub.take(session(), 0.0)
    monitor = world.join(monitor=True)
    world.hub.take(caption(0), 0.0)
    assert world.told(monitor)[1:] == [0]
    world.hub.leave(monitor)
    world.join("s1", "es", monitor=True)
    world.join("s1", "fr")
    await world.audiences.withdraw(publish)
    assert counted == [("fr", 0)]


def test_everybody_hears_when_nothing_is_recognized_and_when_it_is_again(world: World) -> None:
    def recognition(works: bool) -> Recognition:
        return Recognition(session_id="s1", language="en", works=works)

    world.hub.take(session(), 0.0)
    listener, monitor = world.join(), world.join(language="en", monitor=True)
    for seat in (listener, monitor):
        (joined,) = world.told(seat)
        assert isinstance(joined, Joined)
        assert joined.recognized
    world.hub.take(recognition(False), 0.0)
    assert world.told(listener) == world.told(monitor) == [StateChanged(State.LIVE, recognized=False)]
    (late,) = world.told(world.join())
    assert isinstance(late, Joined)
    assert not late.recognized
    world.hub.take(recognition(True), 0.0)
    assert world.told(listener) == [StateChanged(State.LIVE)]


def test_sessions_and_languages_do_not_mix(world: World) -> None:
    world.hub.take(session("s1"), 0.0)
    world.hub.take(session("s2", code="other"), 0.0)
    seats = {(one, code): world.join(one, code) for one in ("s1", "s2") for code in ("pt", "es")}
    for seat in seats.values():
        world.told(seat)
    for (one, code), seat in seats.items():
        world.hub.take(caption(0, session_id=one, language=code), 0.0)
        assert all(bool(world.told(other)) == (other is seat) for other in seats.values())


def test_limits_refuse_with_try_later_and_places_become_free_again() -> None:
    world = a_world(listeners=2, session_listeners=1)
    for number in (1, 2, 3):
        world.hub.take(session(f"s{number}", code=f"code{number}"), 0.0)
    seat = world.join("s1")
    assert world.refusal("s1", "es") == 1013
    world.join("s2")
    assert world.refusal("s3") == 1013
    world.hub.leave(seat)
    world.join("s3")


def test_stages_tell_the_time_in_the_topic(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join()
    world.hub.take(caption(0, at=500.0), 512.0)
    seat.next(world.now)
    news = seat.next(world.now)
    assert isinstance(news, Notice)
    assert news.record.stages == {"translate": 5.0, stages.TRANSLATIONS_TOPIC: 12.0}


def test_what_is_old_is_forgotten_and_what_a_resume_lacks_is_said(world: World) -> None:
    world.hub.take(session(), 0.0)
    for index in range(5):
        world.hub.take(caption(index, at=world.now), world.now)
        world.now += 300_000
    world.hub.sweep()
    seat = world.join(after=0)
    joined, *rest = world.told(seat)
    assert isinstance(joined, Joined)
    assert joined.gap is not None
    assert (joined.gap.first, joined.gap.last, joined.next_index, joined.next_speech) == (1, 1, 2, 2)
    assert rest == [2, 3, 4]


def test_what_comes_is_kept_though_its_translator_s_clock_is_far_behind(world: World) -> None:
    world.hub.take(session(), 0.0)
    seat = world.join()
    world.hub.take(caption(0, at=world.now - 3_600_000), world.now)
    world.hub.sweep()
    world.hub.take(speech(0, at=world.now - 3_600_000), world.now)
    assert world.told(seat)[1:] == [0, 0]


def test_segments_are_bounded_over_all_sessions() -> None:
    world = a_world(kept_segments=10)
    for number in range(5):
        world.hub.take(session(f"s{number}", code=f"code{number}"), 0.0)
        for index in range(5):
            world.hub.take(caption(index, session_id=f"s{number}", at=world.now), world.now)
    kept = [len(world.told(world.join(f"s{number}", after=-1))) - 1 for number in range(5)]
    assert kept == [0, 0, 0, 5, 5]


def test_nothing_is_kept_of_sessions_that_ended() -> None:
    world = a_world()
    for number in range(50):
        one = session(f"s{number}", code=f"code{number}")
        world.hub.take(one, 0.0)
        world.hub.take(caption(0, session_id=one.session_id, at=world.now), world.now)
        world.hub.take(session(f"s{number}", code=f"code{number}", state=State.ENDED), 0.0)
        world.hub.take(caption(1, session_id=one.session_id, at=world.now), world.now)
    world.now += 121_000
    world.hub.sweep()
    assert world.hub.rooms == 0
    world.hub.take(caption(2, session_id="s1", at=world.now), world.now)
    assert world.hub.rooms == 0


def test_records_of_a_session_that_is_not_known_yet_are_there_when_it_is(world: World) -> None:
    world.hub.take(caption(0, at=world.now), world.now)
    assert world.refusal("s1") == 4404
    world.hub.sweep()
    world.hub.take(session(), 0.0)
    assert world.told(world.join())[1:] == [0]


def test_a_code_of_an_ended_session_may_be_given_again(world: World) -> None:
    world.hub.take(session("s1", code="calm"), 0.0)
    world.hub.take(session("s1", code="calm", state=State.ENDED), 0.0)
    assert world.refusal("calm") == 4410
    world.hub.take(session("s2", code="calm"), 0.0)
    assert world.join("calm").session.session_id == "s2"


def test_guessing_codes_is_slowed_down_and_nobody_else_is(world: World) -> None:
    world.hub.take(session(code="calm-otter"), 0.0)
    answers = [world.refusal(f"calm-{number}", address="198.51.100.9") for number in range(160)]
    assert answers == [4404] * 150 + [4429] * 10
    assert world.refusal("calm-otter", address="198.51.100.9") == 4429
    world.join("s1", address="198.51.100.9")
    world.join("calm-otter")
    world.now += 1_000
    world.join("calm-otter", address="198.51.100.9")


def test_who_is_held_up_learns_of_no_code(world: World) -> None:
    world.hub.take(session(code="calm-otter"), 0.0)
    world.hub.take(session("s2", code="brisk-heron"), 0.0)
    world.hub.take(session("s2", code="brisk-heron", state=State.ENDED), 0.0)
    assert all(world.hub.knows(name, HALL) for name in ("s1", "s2", "Calm-Otter", "brisk-heron"))
    for number in range(150):
        world.refusal(f"calm-{number}")
    known = [name for name in ("s1", "s2", "calm-otter", "brisk-heron") if world.hub.knows(name, HALL)]
    assert known == ["s1", "s2"]


def test_a_full_hall_joins_by_code_at_once() -> None:
    world = a_world(listeners=1_000, session_listeners=1_000)
    world.hub.take(session(code="calm-otter"), 0.0)
    for _ in range(500):
        world.join("calm-otter")


def test_guessing_over_all_codes_is_limited_as_a_whole(world: World) -> None:
    answers = [world.refusal(f"{number:04}-x", address=f"192.0.2.{number}") for number in range(400)]
    assert answers == [4404] * 300 + [4429] * 100
