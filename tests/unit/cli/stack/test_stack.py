"""What a stack on one machine sets for its services."""

from services.cli.stack.stack import room


def test_a_machine_with_the_local_engines_has_room_for_a_talk_on_each_core() -> None:
    assert room({}, 4) == {"DRAGOMAN_LIVE_SESSIONS": "4"}


def test_who_says_how_many_talks_there_may_be_is_heeded() -> None:
    assert room({"DRAGOMAN_LIVE_SESSIONS": "1"}, 4) == {}


def test_engines_that_are_elsewhere_don_t_take_this_machine_s_cores() -> None:
    assert room({"DRAGOMAN_RECOGNIZER": "aws"}, 4) == {}
