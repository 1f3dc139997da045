"""A talk over a Kafka that one signs in to as to MSK, where each sign-in runs out many times within the talk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from services.cli.evaluation.talk import Audience, give
from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.system import started
from tests.conftest import SIGNED_IN_S
from tests.e2e.talks import BABYLON, assert_heard_once_in_order, assert_transcribed, excerpt
from tests.standins.msk import Msk

log = structlog.get_logger(__name__)


@pytest.fixture
async def signed_in(msk_platform: Platform) -> AsyncIterator[Stack]:
    async with Stack(msk_platform, running=True, ports=Ports.free()) as running:
        yield running


def broker_of(stack: Stack) -> Msk:
    assert isinstance(stack.platform.broker, Msk)
    return stack.platform.broker


def assert_signed_in_again(stack: Stack, sign_ins: int, talk_s: float) -> None:
    """Every service signed in on each of its connections, over and over, and none had to be started again."""
    assert broker_of(stack).sign_ins - sign_ins > len(stack.instances) * talk_s / SIGNED_IN_S
    assert not [instance.name for instance in stack.instances if instance.restarts]


async def test_a_talk_is_whole_where_sign_ins_run_out_within_it(signed_in: Stack, tmp_path: Path) -> None:
    before = broker_of(signed_in).sign_ins
    outcome = await give(started(signed_in), excerpt(tmp_path, BABYLON, 60_000), "en", (Audience("pt"), Audience("es")))
    assert_transcribed(outcome, most_errors=0.12)
    for language in outcome.hearings:
        assert_heard_once_in_order(outcome, language)
    assert_signed_in_again(signed_in, before, outcome.duration_s)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_ten_minutes_are_whole_where_sign_ins_run_out_within_them(signed_in: Stack) -> None:
    broker, before = broker_of(signed_in), broker_of(signed_in).sign_ins
    outcome = await give(started(signed_in), BABYLON, "en", (Audience("pt"), Audience("es")), minutes=10)
    for language in outcome.hearings:
        assert_heard_once_in_order(outcome, language)
    assert_signed_in_again(signed_in, before, outcome.duration_s)
    log.info(
        "talk_was_whole",
        words=sum(len(read.final.words) for read in outcome.finals),
        segments={language: hearing.segments for language, hearing in outcome.hearings.items()},
        sign_ins=broker.sign_ins - before,
        cuts=broker.cuts,
    )
