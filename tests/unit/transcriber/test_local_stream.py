"""When the local recognizer decodes, what, and how it says so: over a host that says what it was given."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.common.contracts import SAMPLE_RATE
from services.common.errors import EngineUnavailable
from services.transcriber.local.model import Spoken
from services.transcriber.local.recognizer import LocalStream
from services.transcriber.local.tuning import Tuning
from services.transcriber.ports import Hypothesis
from tests.unit.transcriber.scripted import until

SPEECH, SILENCE = b"\x10\x00", b"\x00\x00"
SECOND = SAMPLE_RATE


class Loudness:
    """Stands for the voice detector: whatever is not zero is speech."""

    def hear(self, pcm: bytes) -> list[float]:
        assert len(pcm) % 1024 == 0
        return [float(any(pcm[at : at + 1024])) for at in range(0, len(pcm), 1024)]


@dataclass
class Host:
    """Hears a word in each half second that it is given, but passes over the beginning of a long window."""

    long_s: float = 100.0
    passed_over_s: float = 0.0
    probability: float = 0.0
    faults: list[Exception] = field(default_factory=list)
    lengths_s: list[float] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, method: str, pcm: bytes, language: str, patience: float = 1.0) -> tuple[Spoken, ...]:
        assert (method, language) == ("recognize", "en")
        self.patience.append(patience)
        await self.free.wait()
        seconds = len(pcm) / 2 / SECOND
        self.lengths_s.append(seconds)
        if self.faults:
            raise self.faults.pop(0)
        first = round(self.passed_over_s * 2) if seconds > self.long_s else 0
        places = range(first, round(seconds * 2))
        return tuple(Spoken(f"w{at}", at * 500, at * 500 + 500, self.probability) for at in places)


class Heard:
    """A stream with a reader to whom all are final but the last word."""

    def __init__(self, tuning: Tuning) -> None:
        self.host = Host()
        self.host.free.set()
        self.stream = LocalStream(self.host, Loudness(), tuning, "en", 0)  # type: ignore[arg-type]
        self.hypotheses: list[Hypothesis] = []
        self.position = 0
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for hypothesis in self.stream.hypotheses():
            self.hypotheses.append(hypothesis)
            if len(hypothesis.words) > 1:
                self.stream.finalized(hypothesis.words[-2].end_ms)

    async def feed(self, sample: bytes, seconds: float) -> None:
        """Frame by frame, giving the reader its turns."""
        for _ in range(round(seconds * SECOND / 1536)):
            await self.stream.feed(sample * 1536, self.position)
            self.position += 1536
            for _ in range(5):
                await asyncio.sleep(0)


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    made = Heard(Tuning())
    yield made
    made.stream.close()
    await asyncio.gather(made.reader, return_exceptions=True)


async def test_silence_is_never_decoded_but_told_as_quiet(heard: Heard) -> None:
    await heard.feed(SILENCE, 7)
    assert heard.host.lengths_s == []
    assert [(hypothesis.words, hypothesis.quiet) for hypothesis in heard.hypotheses] == [((), True)] * 3


async def test_speech_is_decoded_at_every_step_and_at_its_end(heard: Heard) -> None:
    await heard.feed(SPEECH, 2)
    await heard.feed(SILENCE, 1)
    steps, last = heard.hypotheses[:-1], heard.hypotheses[-1]
    assert len(steps) == 3
    assert not any(hypothesis.endpoint for hypothesis in steps)
    assert last.endpoint
    assert last.heard_ms == pytest.approx(2000 + 350, abs=100)


async def test_nothing_is_decoded_twice_while_the_speaker_hesitates(heard: Heard) -> None:
    await heard.feed(SPEECH, 0.5)
    await heard.feed(SILENCE, 0.3)
    assert heard.hypotheses == []


async def test_a_slow_engine_decodes_less_often_and_always_the_newest_audio(heard: Heard) -> None:
    heard.host.free.clear()
    await heard.feed(SPEECH, 3)
    heard.host.free.set()
    await heard.feed(SPEECH, 0.2)
    assert len(heard.hypotheses) == 2
    assert heard.hypotheses[-1].heard_ms >= 3000


async def test_feeding_waits_while_the_engine_is_too_far_behind(heard: Heard) -> None:
    heard.host.free.clear()
    feeding = asyncio.create_task(heard.feed(SPEECH, 8))
    await until(lambda: heard.position >= 4 * SECOND)
    for _ in range(50):
        await asyncio.sleep(0)
    assert heard.position < 5.2 * SECOND
    heard.host.free.set()
    await feeding


async def test_after_a_pause_some_earlier_speech_is_heard_again_as_context(heard: Heard) -> None:
    await heard.feed(SPEECH, 9)
    await heard.feed(SILENCE, 0.6)
    before = heard.hypotheses[-1].heard_ms
    await heard.feed(SPEECH, 0.7)
    first = heard.hypotheses[-1].words[0]
    assert before - 5000 <= first.start_ms <= before - 4000


async def test_after_a_long_silence_there_is_no_context(heard: Heard) -> None:
    await heard.feed(SPEECH, 4)
    await heard.feed(SILENCE, 2.5)
    await heard.feed(SPEECH, 0.7)
    assert heard.hypotheses[-1].words[0].start_ms > 6000


async def test_the_window_stays_short_however_long_somebody_speaks(heard: Heard) -> None:
    await heard.feed(SPEECH, 40)
    assert max(heard.host.lengths_s) < 11.5
    assert min(heard.host.lengths_s[20:]) > 5


async def test_speech_of_which_no_word_gets_final_is_taken_as_it_is_in_the_end(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard.stream, "finalized", lambda until_ms: None)
    await heard.feed(SPEECH, 25)
    forced = next(hypothesis for hypothesis in heard.hypotheses if hypothesis.endpoint)
    assert forced.heard_ms == pytest.approx(20_000, abs=1000)
    assert max(heard.host.lengths_s) < 21


async def test_a_flush_says_all_that_was_heard_before_it_returns(heard: Heard) -> None:
    await heard.feed(SPEECH, 0.4)
    assert heard.hypotheses == []
    await heard.stream.flush()
    speech, quiet = heard.hypotheses
    assert speech.endpoint
    assert speech.words
    assert (quiet.words, quiet.quiet) == ((), True)


async def test_a_flush_without_speech_decodes_nothing(heard: Heard) -> None:
    await heard.feed(SILENCE, 0.4)
    await heard.stream.flush()
    assert heard.host.lengths_s == []


async def test_a_decode_that_fails_once_is_repeated_with_the_same_audio_and_more_time(heard: Heard) -> None:
    heard.host.faults = [EngineUnavailable("killed")]
    await heard.feed(SPEECH, 0.8)
    assert len(heard.hypotheses) == 1
    assert heard.host.lengths_s[0] == heard.host.lengths_s[1]
    assert heard.host.patience[0] < heard.host.patience[1]


async def test_speech_that_the_engine_passes_over_is_decoded_by_itself(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard.stream, "finalized", lambda until_ms: None)
    heard.host.long_s, heard.host.passed_over_s = 6, 4
    for _ in range(round(7 * SECOND / 1536)):  # faster than it decodes
        await heard.stream.feed(SPEECH * 1536, heard.position)
        heard.position += 1536
    await heard.stream.flush()
    for hypothesis in heard.hypotheses[:-1]:
        starts = [word.start_ms for word in hypothesis.words]
        assert starts == [at * 500 for at in range(len(starts))]
    assert heard.hypotheses[-2].words[-1].end_ms == pytest.approx(7000, abs=250)
    assert max(heard.host.lengths_s) > 6


async def test_an_engine_that_stays_away_ends_the_hypotheses_and_holds_nobody_up(heard: Heard) -> None:
    heard.host.faults = [EngineUnavailable("killed")] * 2
    await heard.feed(SPEECH, 6)
    with pytest.raises(EngineUnavailable):
        await heard.reader
    await heard.stream.flush()


async def test_audio_with_a_gap_is_a_fault_of_the_caller(heard: Heard) -> None:
    with pytest.raises(ValueError, match="expected"):
        await heard.stream.feed(SPEECH * 512, 512)


async def test_what_is_kept_of_the_audio_is_bounded(heard: Heard) -> None:
    await heard.feed(SPEECH, 60)
    await heard.feed(SILENCE, 60)
    assert len(heard.stream._audio) < 2 * SECOND


@example(talk=[(3.8, 0.3), (2, 0.7)], final_s=0)
@example(talk=[(6, 0.7)], final_s=12)
@given(
    st.lists(st.tuples(st.floats(0.1, 6), st.floats(0, 0.7)), min_size=1, max_size=8),
    st.floats(0, 20),
)
def test_a_stream_fed_faster_than_it_decodes_never_stands_still(
    talk: list[tuple[float, float]], final_s: float
) -> None:
    """talk: seconds of speech and of the silence after it. final_s: how far a takeover knows the words."""

    async def replay() -> Heard:
        heard = Heard(Tuning())
        heard.stream.finalized(final_s * 1000)

        async def feed() -> None:
            for speech_s, silence_s in talk:
                for sample, seconds in ((SPEECH, speech_s), (SILENCE, silence_s)):
                    for _ in range(round(seconds * SECOND / 1536)):
                        await heard.stream.feed(sample * 1536, heard.position)
                        heard.position += 1536
            await heard.stream.flush()

        feeding = asyncio.create_task(feed())
        for _ in range(5000):
            await asyncio.sleep(0)
        stood_still = not feeding.done()
        for task in (feeding, heard.reader):
            task.cancel()
        await asyncio.gather(feeding, heard.reader, return_exceptions=True)
        assert not stood_still
        return heard

    heard = asyncio.run(replay())
    assert heard.hypotheses[-1].heard_ms == heard.position / 16
    assert max(heard.host.lengths_s, default=0) < 28


async def test_a_word_that_the_model_is_sure_of_is_stable_once_more_was_heard_and_never_the_last(heard: Heard) -> None:
    heard.host.probability = 0.9
    await heard.feed(SPEECH, 2)
    stable = [[word.stable for word in hypothesis.words] for hypothesis in heard.hypotheses]
    assert stable[-1][0] is True
    assert all(words[-1] is None for words in stable)


async def test_a_word_that_the_model_doubts_waits_for_agreement(heard: Heard) -> None:
    heard.host.probability = 0.5
    await heard.feed(SPEECH, 2)
    assert all(word.stable is None for hypothesis in heard.hypotheses for word in hypothesis.words)
