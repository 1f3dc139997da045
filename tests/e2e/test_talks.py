"""Recorded speech through everything that is real: Kafka, the AWS endpoint, the engines, the sockets."""

import asyncio
from pathlib import Path

import pytest

from services.cli.evaluation.measure import said
from services.cli.evaluation.quality import word_error_rate
from services.cli.evaluation.talk import Audience, give
from services.cli.stack.system import System
from tests.e2e.talks import (
    IVORY,
    assert_faithful,
    assert_heard_while_silence_and_noise_say_nothing,
    excerpt,
    recognized_back,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_talk_is_heard_once_in_order_and_as_captioned_while_silence_and_noise_say_nothing(
    shared_system: System, tmp_path: Path
) -> None:
    talk = await assert_heard_while_silence_and_noise_say_nothing(shared_system, tmp_path, most_errors=0.10)
    for language in ("pt", "es"):
        clips = [(clip.sound, clip.rate) for _, clip in sorted(talk.hearings[language].clips.items())]
        heard = await asyncio.to_thread(recognized_back, clips, language)
        difference = word_error_rate([said(talk.hearings[language])], [heard])
        assert difference is not None
        assert difference <= 0.25


async def test_two_talks_at_once_do_not_disturb_each_other(shared_system: System, tmp_path: Path) -> None:
    talk = excerpt(tmp_path, IVORY, 28_400)
    first, second = await asyncio.gather(
        give(shared_system, talk, "en", (Audience("pt"),)),
        give(shared_system, talk, "en", (Audience("pt"), Audience("es"))),
    )
    for outcome in (first, second):
        assert_faithful(outcome, most_errors=0.12)
