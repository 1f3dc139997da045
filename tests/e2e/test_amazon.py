"""The whole system as on AWS: Amazon's engines, as their stand-ins are, and a Kafka that one signs in to as to MSK."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from services.cli.evaluation.talk import Audience, give
from services.cli.stack import Platform, Ports, Stack
from services.cli.stack.system import System, started
from tests.e2e.talks import (
    IVORY,
    assert_faithful,
    assert_heard_while_silence_and_noise_say_nothing,
    when_captioned,
    words_of,
)
from tests.standins import rest, transcribe
from tests.standins.faults import BREAKS, DAMAGED, ENDS, SLOW, Fault
from tests.standins.msk import Msk
from tests.standins.polly import PollyStandIn
from tests.standins.talk import KnownTalk, spoken_words
from tests.standins.transcribe import TranscribeStandIn
from tests.standins.translate import TranslateStandIn

ENGINES = {"DRAGOMAN_RECOGNIZER": "aws", "DRAGOMAN_TRANSLATOR_ENGINES": "aws"}
_TIMES = 50
"""How often services have to sign in again within a talk, at least."""
THROTTLED = Fault("ThrottlingException")
REFUSED = Fault("ExpiredTokenException", 403)
BROKEN = Fault("InternalFailureException", 500)
AWAY = Fault("ServiceUnavailableException", 503)


@dataclass(frozen=True)
class Amazon:
    """The system, and the services that it calls."""

    system: System
    transcribe: TranscribeStandIn
    translate: TranslateStandIn
    polly: PollyStandIn
    kafka: Msk


@pytest.fixture
async def amazon(msk_platform: Platform, tmp_path: Path) -> AsyncIterator[Amazon]:
    keys, kafka = msk_platform.provisioned, msk_platform.broker
    assert isinstance(kafka, Msk)
    ears = TranscribeStandIn(KnownTalk(IVORY), {keys.key_id: keys.secret})
    translate, polly = TranslateStandIn(), PollyStandIn()
    async with AsyncExitStack() as parts:
        found = await parts.enter_async_context(transcribe.listening(ears, tmp_path))
        found |= await parts.enter_async_context(rest.listening(translate, polly))
        trusted = _trusting(tmp_path / "trusted.pem", Path(found["SSL_CERT_FILE"]), kafka.certificate)
        env = ENGINES | found | {"SSL_CERT_FILE": str(trusted)}
        stack = await parts.enter_async_context(Stack(msk_platform, running=True, ports=Ports.free(), env=env))
        yield Amazon(started(stack), ears, translate, polly, kafka)


async def test_a_talk_is_heard_once_and_in_order_while_silence_and_noise_say_nothing(
    amazon: Amazon, tmp_path: Path
) -> None:
    before = amazon.kafka.sign_ins
    talk = await assert_heard_while_silence_and_noise_say_nothing(amazon.system, tmp_path, most_errors=0.0)
    assert [word.text.strip(".") for word in words_of(talk)] == [one.word.strip(".") for one in spoken_words(IVORY)]
    assert {call["TargetLanguageCode"] for call in amazon.translate.calls["TranslateText"]} == {"pt", "es", "ca"}
    assert {call["VoiceId"] for call in amazon.polly.calls["SynthesizeSpeech"]} == {"Camila", "Lucia"}
    assert amazon.kafka.sign_ins > before + _TIMES


async def test_every_word_is_heard_once_and_in_order_though_each_service_fails_in_every_way(amazon: Amazon) -> None:
    calls = amazon.transcribe.faults
    calls.order("StartStreamTranscription", Fault("LimitExceededException", 429), None, REFUSED, None, BROKEN)
    calls.order("StartStreamTranscription", None, AWAY, None, BREAKS)
    amazon.transcribe.in_stream.extend(
        [(4, BREAKS), (6, AWAY), (5, ENDS), (7, DAMAGED), (5, BROKEN), (6, Fault("LimitExceededException"))]
    )
    faults = (THROTTLED, BROKEN, BREAKS, REFUSED, AWAY, SLOW)
    later: dict[int, Callable[[], None]] = {
        3 * turn: partial(_order, amazon, fault) for turn, fault in enumerate(faults, 1)
    }
    before = amazon.kafka.sign_ins
    outcome = await give(amazon.system, IVORY, "en", (Audience("pt"), Audience("es")), on_notice=when_captioned(later))
    assert amazon.kafka.sign_ins > before + _TIMES
    assert not later
    assert not amazon.transcribe.in_stream
    assert [one.faults.left for one in (amazon.transcribe, amazon.translate, amazon.polly)] == [0, 0, 0]
    assert_faithful(outcome, most_errors=0.0)
    assert [word.text.strip(".") for word in words_of(outcome)] == [one.word.strip(".") for one in spoken_words(IVORY)]


def _trusting(bundle: Path, *certificates: Path) -> Path:
    bundle.write_text("".join(certificate.read_text() for certificate in certificates))
    return bundle


def _order(amazon: Amazon, fault: Fault) -> None:
    amazon.translate.faults.order("TranslateText", fault)
    amazon.polly.faults.order("SynthesizeSpeech", fault)
