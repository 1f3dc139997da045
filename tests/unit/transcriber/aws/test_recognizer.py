"""Amazon Transcribe through its own SDK, against a stand-in that speaks its wire format."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import botocore.eventstream
import pytest
from amazon_transcribe.model import Result, Transcript, TranscriptEvent
from hypothesis import given
from hypothesis import strategies as st

from services.common.contracts import Mark
from services.common.errors import EngineError, EngineRejected, EngineUnavailable
from services.common.languages import LANGUAGES, Aws
from services.common.settings import SettingsError
from services.transcriber import patience as patience_module
from services.transcriber.aws.account import Account, Keys
from services.transcriber.aws.call import Call
from services.transcriber.aws.recognizer import AmazonRecognizer, AmazonStream, Timing
from services.transcriber.ports import Hypothesis
from services.transcriber.processor import Transcriber
from services.transcriber.streams import Limits, Streams
from tests.figures import figures
from tests.standins.eventstream import Decoder, encode
from tests.standins.faults import BREAKS, DAMAGED, DEAF, ENDLESS, ENDS, Fault
from tests.standins.published import TRANSCRIBE_STREAMS
from tests.standins.transcribe import SECRETS, TranscribeStandIn, transcribing
from tests.unit.transcriber.aws.reader import Reader
from tests.unit.transcriber.scripted import FRAME_SAMPLES, Outbox, frame, pcm_of, received

FAST = Timing(fastest=40, ahead_s=4)
IN_STREAM = [
    Fault("BadRequestException"),
    Fault("LimitExceededException"),
    Fault("InternalFailureException"),
    Fault("ConflictException"),
    Fault("ServiceUnavailableException"),
    Fault("SomethingNewException"),
    BREAKS,
    ENDS,
    DAMAGED,
]


def named(fault: Fault) -> str:
    return {BREAKS: "breaks", ENDS: "ends", DAMAGED: "damaged"}.get(fault, fault.code or "")


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience_module, "_FIRST_WAIT_S", 0.001)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[TranscribeStandIn, str]]:
    async with transcribing(Reader(), tmp_path) as place:
        yield place


@pytest.fixture
def service(place: tuple[TranscribeStandIn, str]) -> TranscribeStandIn:
    return place[0]


@pytest.fixture
async def recognizer(place: tuple[TranscribeStandIn, str]) -> AsyncIterator[AmazonRecognizer]:
    async with AmazonRecognizer.load(endpoint=place[1], timing=FAST) as recognizer:
        yield recognizer


async def listened(stream: AmazonStream, *numbers: int) -> list[Hypothesis]:
    """What the stream says to half seconds that spell these words."""
    heard: list[Hypothesis] = []

    async def listen() -> None:
        async for hypothesis in stream.hypotheses():
            heard.append(hypothesis)

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen())
        for at, number in enumerate(numbers):
            await stream.feed(pcm_of(number), at * FRAME_SAMPLES)
        await stream.flush()
        listening.cancel()
    return heard


async def transcribed(
    recognizer: AmazonRecognizer,
    numbers: list[int],
    *,
    pausing: bool = False,
    may_end: Callable[[], bool] = lambda: True,
) -> list[str]:
    """A whole session's finals, through the service's own session, which feeds again what a fault lost.

    pausing: in each pause wait for what was said before it. may_end: awaited before the end of the talk.
    """
    outbox = Outbox()
    transcriber = Transcriber(recognizer, outbox, Streams(8), Limits(idle_s=60))  # type: ignore[arg-type]
    frames = [frame(at, number) for at, number in enumerate(numbers)]
    try:
        async with asyncio.timeout(40):
            for at, item in enumerate(received([*frames, frame(len(frames), mark=Mark.END)])):
                while at == len(frames) and not may_end():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                await transcriber.handle(item)
                in_pause = pausing and numbers[at : at + 1] == [0]
                while in_pause and outbox.words != words(*numbers[:at]):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            while not outbox.finished:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await transcriber.close()
    return outbox.words


def words(*numbers: int) -> list[str]:
    return [f"w{number}" for number in numbers if number]


async def test_audio_goes_in_chunks_of_one_size_and_words_come_back_with_their_stable_marks(
    service: TranscribeStandIn, recognizer: AmazonRecognizer
) -> None:
    async with recognizer.open("en", first_sample=0, final_words=()) as stream:
        heard = await listened(stream, 1, 2, 3)
    assert [word.text for word in heard[-2].words] == words(1, 2, 3)
    assert any([word.stable for word in one.words] == [True, True, False] for one in heard)
    assert heard[-2].endpoint
    assert heard[-1].quiet
    (chunks,) = service.chunks
    assert set(chunks) == {3200}
    (request,) = service.requests
    assert request["x-amzn-transcribe-language-code"] == "en-US"
    assert request["x-amzn-transcribe-sample-rate"] == "16000"
    assert request["x-amzn-transcribe-enable-partial-results-stabilization"].lower() == "true"
    assert request["x-amzn-transcribe-partial-results-stability"] == "high"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("LimitExceededException", 429), EngineUnavailable),
        (Fault("ThrottlingException", 429), EngineUnavailable),
        (Fault("InternalFailureException", 500), EngineUnavailable),
        (Fault("ServiceUnavailableException", 503), EngineUnavailable),
        (Fault("ExpiredTokenException", 403), EngineUnavailable),
        (Fault("BadRequestException", 400), EngineRejected),
        (Fault("SerializationException", 400), EngineRejected),
    ],
    ids=lambda value: named(value) if isinstance(value, Fault) else "",
)
async def test_a_call_that_is_not_opened_may_be_tried_again_or_may_not_by_its_code(
    service: TranscribeStandIn, recognizer: AmazonRecognizer, fault: Fault, error: type[EngineError]
) -> None:
    service.faults.order("StartStreamTranscription", fault)
    with pytest.raises(error, match=fault.code):
        async with recognizer.open("en", first_sample=0, final_words=()):
            pass


@pytest.mark.parametrize("fault", IN_STREAM, ids=named)
async def test_a_call_that_fails_says_so_whatever_the_fault(
    service: TranscribeStandIn, recognizer: AmazonRecognizer, fault: Fault
) -> None:
    service.in_stream.append((1.0, fault))
    async with recognizer.open("en", first_sample=0, final_words=()) as stream:
        with pytest.raises(ExceptionGroup) as raised:
            await listened(stream, *range(1, 60))
    assert raised.group_contains(EngineUnavailable)


class Output:
    """The SDK's stream of events: one result, and the end."""

    def __init__(self, result: Result) -> None:
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        self._raw_stream, self._event = SimpleNamespace(done=done), TranscriptEvent(Transcript([result]))

    async def __aiter__(self) -> AsyncIterator[TranscriptEvent]:
        yield self._event


@pytest.mark.parametrize("amid", [True, False])
async def test_a_call_that_ends_amid_a_result_failed_though_its_audio_had_ended(amid: bool) -> None:
    call = Call(None, SimpleNamespace(output_stream=Output(Result(is_partial=amid))), 0)  # type: ignore[arg-type]
    call._ended = True
    with pytest.raises(EngineUnavailable, match="amid a result") if amid else nullcontext():
        assert len([result async for result in call.results()]) == 1


@pytest.mark.parametrize("fault", IN_STREAM, ids=named)
async def test_a_session_loses_nothing_and_says_nothing_twice_through_any_fault(
    service: TranscribeStandIn, recognizer: AmazonRecognizer, fault: Fault
) -> None:
    service.faults.order("StartStreamTranscription", Fault("LimitExceededException", 429))
    service.in_stream.extend([(3.3, fault), (4.9, fault)])
    numbers = [*range(1, 8), 0, 0, *range(8, 21)]
    # Who has all the audio, and was told that it ends, may end as well: that is no fault.
    assert await transcribed(recognizer, numbers, may_end=lambda: len(service.requests) == 3) == words(*numbers)
    assert len(service.requests) == 3


async def test_one_stream_more_than_the_account_may_have_waits_for_its_turn(
    service: TranscribeStandIn, recognizer: AmazonRecognizer
) -> None:
    service.limit = 1
    first, second = await asyncio.gather(*(transcribed(recognizer, [*range(1, 9)]) for _ in range(2)))
    assert first == second == words(*range(1, 9))


async def test_an_old_call_is_replaced_where_the_speaker_pauses_and_no_word_is_cut(
    place: tuple[TranscribeStandIn, str],
) -> None:
    service, endpoint = place
    numbers = [1, 2, 3, 0, 0, 4, 5, 0, 0, 6, 7, 8, 0, 0, 9]
    timing = Timing(fastest=40, ahead_s=0, old_s=0)
    async with AmazonRecognizer.load(endpoint=endpoint, timing=timing) as recognizer:
        assert await transcribed(recognizer, numbers, pausing=True) == words(*numbers)
    assert len(service.requests) > 1


async def test_a_call_that_hears_no_more_without_saying_so_is_replaced(place: tuple[TranscribeStandIn, str]) -> None:
    service, endpoint = place
    service.in_stream.append((2.2, DEAF))
    timing = Timing(fastest=8, ahead_s=0, deaf_s=3)  # results must have time to come
    async with AmazonRecognizer.load(endpoint=endpoint, timing=timing) as recognizer:
        assert await transcribed(recognizer, [*range(1, 21)]) == words(*range(1, 21))
    assert len(service.requests) == 2


async def test_a_call_that_does_not_end_after_its_audio_is_given_up(
    place: tuple[TranscribeStandIn, str],
) -> None:
    service, endpoint = place
    service.in_stream.append((0.1, ENDLESS))
    async with AmazonRecognizer.load(endpoint=endpoint, timing=Timing(fastest=40, end_s=0.5)) as recognizer:
        assert await transcribed(recognizer, [1, 2, 3]) == words(1, 2, 3)
    assert len(service.requests) == 2


async def test_a_call_keeps_its_credentials_and_the_next_has_the_new_ones(
    service: TranscribeStandIn, recognizer: AmazonRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [Keys(name, secret, None) for name, secret in SECRETS.items()]

    async def credentials(self: Account) -> Keys:
        return keys.pop(0)

    monkeypatch.setattr(Account, "credentials", credentials)
    service.in_stream.append((2.0, Fault("BadRequestException")))
    assert await transcribed(recognizer, [*range(1, 9)]) == words(*range(1, 9))
    assert service.keys == list(SECRETS)


async def test_calls_are_hung_up(service: TranscribeStandIn, recognizer: AmazonRecognizer) -> None:
    async with recognizer.open("en", first_sample=0, final_words=()) as stream:
        await stream.feed(pcm_of(1), 0)
    async with asyncio.timeout(5):
        while service.open:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_without_region_or_credentials_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SettingsError, match="AWS_DEFAULT_REGION"):
        async with AmazonRecognizer.load():
            pass
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID"):
        async with AmazonRecognizer.load():
            pass


def test_the_table_s_languages_are_on_the_service_s_list() -> None:
    assert {language.aws.transcribe for language in LANGUAGES.values()} <= {*TRANSCRIBE_STREAMS, None}


async def test_a_language_that_the_region_does_not_recognize_is_rejected_with_its_code(
    recognizer: AmazonRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "en", replace(LANGUAGES["en"], aws=Aws(transcribe="xx-XX")))
    with pytest.raises(EngineRejected, match="BadRequestException"):
        async with recognizer.open("en", first_sample=0, final_words=()):
            pass


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=50), max_size=4), st.binary(max_size=200))
def test_the_stand_in_s_framing_is_botocore_s(headers: dict[str, str], payload: bytes) -> None:
    theirs = botocore.eventstream.EventStreamBuffer()
    theirs.add_data(encode(headers, payload))
    (message,) = theirs
    assert (message.headers, message.payload) == (headers, payload)
    (ours,) = Decoder().feed(encode(headers, payload))
    assert ours == (headers, payload)


async def test_audio_is_billed_as_sent_and_fifteen_seconds_at_least_for_each_call(recognizer: AmazonRecognizer) -> None:
    async with figures() as figure:
        async with recognizer.open("en", first_sample=0, final_words=()) as stream:
            await listened(stream, *range(1, 5))
        assert await figure.grown("dragoman_transcriber_billed_seconds_total") == {(): pytest.approx(15)}
        await figure.note()
        async with recognizer.open("en", first_sample=0, final_words=()) as stream:
            await listened(stream, *range(1, 41))
        assert await figure.grown("dragoman_transcriber_billed_seconds_total") == {(): pytest.approx(20)}


async def test_a_refused_call_is_counted_by_what_may_be_done(
    service: TranscribeStandIn, recognizer: AmazonRecognizer
) -> None:
    service.faults.order("StartStreamTranscription", Fault("LimitExceededException", 429))
    service.in_stream.append((2.0, Fault("InternalFailureException")))
    async with figures() as figure:
        assert await transcribed(recognizer, [*range(1, 9)]) == words(*range(1, 9))
        assert await figure.grown("dragoman_transcriber_failures_total") == {("overloaded",): 1, ("unavailable",): 1}
