"""What every ``Recognizer`` does, on real speech: fed faster than it was spoken."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import jiwer
import numpy as np
import pytest
import pytest_asyncio
import soundfile

from services.common.contracts import SAMPLE_RATE, Final, Word
from services.common.home import home
from services.common.languages import LANGUAGES
from services.transcriber.aws.recognizer import AmazonRecognizer, Timing
from services.transcriber.local.recognizer import LocalRecognizer
from services.transcriber.local.tuning import Tuning
from services.transcriber.ports import Hypothesis, Recognizer
from services.transcriber.stabilizer import Stabilizer, Transcribed
from services.transcriber.words import normalized
from tests.standins.transcribe import transcribing

ENGLISH = Path(__file__).parents[1] / "data" / "speech"
PORTUGUESE = Path(__file__).parent / "speech" / "pt-fleurs-a-5s.flac"
FRAME = 1536

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextlib.asynccontextmanager
async def local() -> AsyncIterator[Recognizer]:
    model = str(home() / "models" / "whisper-base")
    async with LocalRecognizer.load(model, workers=2, deadline_s=20, tuning=Tuning()) as recognizer:
        yield recognizer


@contextlib.asynccontextmanager
async def amazon() -> AsyncIterator[Recognizer]:
    """The service's stand-in hears with the local recognizer."""
    with TemporaryDirectory() as folder:
        async with (
            local() as ears,
            transcribing(ears, Path(folder)) as (_, endpoint),
            AmazonRecognizer.load(endpoint=endpoint, timing=Timing(fastest=3, late_s=1, end_s=60)) as recognizer,
        ):
            yield recognizer


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[local, amazon], ids=["local", "aws"])
async def recognizer(request: pytest.FixtureRequest) -> AsyncIterator[Recognizer]:
    async with request.param() as made:
        yield made


def recording(name: str | Path, begin_s: float, end_s: float) -> bytes:
    """Part of a recording, s16le."""
    begin, end = round(begin_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE)
    samples, rate = soundfile.read(ENGLISH / name, start=begin, stop=end, dtype="int16")
    assert rate == SAMPLE_RATE
    return bytes(samples.tobytes())


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * SAMPLE_RATE) * 2)


class Transcript:
    """What a stream said, and what a stabilizer made of it."""

    def __init__(self, known: Transcribed | None = None) -> None:
        self.stabilizer = Stabilizer(known or Transcribed())
        self.hypotheses: list[Hypothesis] = []
        self.finals: list[Final] = []

    def hear(self, hypothesis: Hypothesis) -> None:
        self.hypotheses.append(hypothesis)
        for run in self.stabilizer.hear(hypothesis).finals:
            self.finals.append(
                Final(
                    session_id="s",
                    language="en",
                    index=run.index,
                    words=run.words,
                    previous_mark=run.previous_mark,
                    ends=run.ends,
                )
            )

    @property
    def words(self) -> list[Word]:
        return [word for final in self.finals for word in final.words]

    @property
    def text(self) -> str:
        return " ".join(normalized(word.text) for word in self.words)


async def transcribed(
    recognizer: Recognizer,
    *pieces: bytes,
    language: str = "en",
    first_sample: int = 0,
    known: Transcribed | None = None,
) -> Transcript:
    """Feed, each piece after the first once an endpoint has come; flush, close."""
    transcript = Transcript(known)
    words = known.words if known else ()
    async with asyncio.timeout(60):
        async with recognizer.open(language, first_sample=first_sample, final_words=words) as stream:

            async def listen() -> None:
                async for hypothesis in stream.hypotheses():
                    transcript.hear(hypothesis)
                    stream.finalized(transcript.stabilizer.transcribed.end_ms)

            listening = asyncio.create_task(listen())
            for number, pcm in enumerate(pieces):
                while number and not any(one.endpoint for one in transcript.hypotheses):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                for at in range(0, len(pcm) // 2, FRAME):
                    await stream.feed(pcm[2 * at : 2 * (at + FRAME)], first_sample + at)
                first_sample += len(pcm) // 2
            await stream.flush()
            said = len(transcript.hypotheses)
        await listening
    assert len(transcript.hypotheses) == said, "the last hypothesis is out when flush returns"
    return transcript


async def test_speech_becomes_words_in_order_and_in_time(recognizer: Recognizer) -> None:
    transcript = await transcribed(recognizer, recording("en-bush-columbia.flac", 0, 9))
    assert transcript.text.startswith("my fellow americans this day has brought terrible news and great sadness")
    times = [time for word in transcript.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    country = next(word for word in transcript.words if normalized(word.text) == "country")
    assert 6900 < country.end_ms < 8900


async def test_every_language_it_claims_is_in_the_table_and_english_is_among_them(recognizer: Recognizer) -> None:
    assert "en" in recognizer.languages
    assert recognizer.languages <= LANGUAGES.keys()


async def test_every_language_that_the_table_says_is_recognized_here_is_one_of_the_model_s() -> None:
    tokenizer = home() / "models" / "whisper-base" / "tokenizer.json"
    known = await asyncio.to_thread(tokenizer.read_text, encoding="utf-8")
    for code, language in LANGUAGES.items():
        assert not language.local.recognizes or f'"<|{code}|>"' in known


async def test_portuguese_is_recognized_as_portuguese(recognizer: Recognizer) -> None:
    transcript = await transcribed(recognizer, recording(PORTUGUESE, 0, 5), language="pt")
    assert "segundo informações" in transcript.text


async def test_times_are_of_the_floor_and_not_of_the_stream(recognizer: Recognizer) -> None:
    transcript = await transcribed(recognizer, recording("en-bush-columbia.flac", 0, 4), first_sample=100 * SAMPLE_RATE)
    assert all(100_000 < word.end_ms <= 104_000 for word in transcript.words)
    assert all(100_000 < hypothesis.heard_ms <= 104_000 for hypothesis in transcript.hypotheses)


async def test_silence_and_noise_say_nothing(recognizer: Recognizer) -> None:
    noise = np.random.default_rng(7).normal(0, 1500, 4 * SAMPLE_RATE).astype("<i2").tobytes()
    hum = (3000 * np.sin(np.arange(4 * SAMPLE_RATE) * 2 * np.pi * 50 / SAMPLE_RATE)).astype("<i2").tobytes()
    transcript = await transcribed(recognizer, silence(3) + noise + silence(1) + hum)
    assert transcript.text == ""


async def test_long_silence_is_told_so_that_nothing_waits_for_it(recognizer: Recognizer) -> None:
    transcript = await transcribed(recognizer, recording("en-bush-columbia.flac", 0, 2.6) + silence(1), silence(4))
    quiet = [hypothesis for hypothesis in transcript.hypotheses if hypothesis.quiet]
    assert quiet
    assert quiet[0].heard_ms < 7000


async def test_speech_is_recognized_after_minutes_of_silence_that_say_nothing(recognizer: Recognizer) -> None:
    silent_s = 240 if isinstance(recognizer, LocalRecognizer) else 10  # the other is fed at three times real time
    transcript = await transcribed(recognizer, silence(silent_s) + recording("en-bush-columbia.flac", 0, 4))
    assert transcript.text.startswith("my fellow americans")
    assert transcript.words[0].start_ms > silent_s * 1000
    end_ms = silent_s * 1000
    quiet = [one.heard_ms for one in transcript.hypotheses if one.quiet and one.heard_ms < end_ms]
    assert max(np.diff([0, *quiet, end_ms])) < 6000, "what is silent is let go as it passes"


@pytest.mark.parametrize(
    "pcm",
    [b"", recording("en-bush-columbia.flac", 1, 1.05), b"\xff\x7f\x00\x80" * SAMPLE_RATE, b"\x01\x00" * 100],
    ids=["nothing", "50 ms", "clipping", "a few samples"],
)
async def test_odd_audio_harms_nobody(recognizer: Recognizer, pcm: bytes) -> None:
    assert len((await transcribed(recognizer, pcm)).words) <= 2


async def test_streams_do_not_hear_each_other(recognizer: Recognizer) -> None:
    one, other = await asyncio.gather(
        transcribed(recognizer, recording("en-bush-columbia.flac", 0, 4)),
        transcribed(recognizer, recording("en-linda-babylon.flac", 0, 4)),
    )
    assert "americans" in one.text
    assert "journey" in other.text
    assert "americans" not in other.text


async def test_what_is_said_last_after_a_pause_is_heard_where_the_audio_breaks_off() -> None:
    """Whisper passes over it at times, where much was said before the pause."""
    broken_off = recording("en-bush-columbia.flac", 0, 10.176)
    async with local() as recognizer:
        transcript = await transcribed(recognizer, broken_off)
    assert "country" in transcript.text
    assert transcript.text.endswith("o'clock")


async def test_a_stream_that_takes_over_hears_the_context_and_repeats_none_of_it(recognizer: Recognizer) -> None:
    whole = await transcribed(recognizer, recording("en-bush-columbia.flac", 0, 11.3))
    known = Transcribed()
    taken = [final for final in whole.finals if final.words and final.words[-1].end_ms < 8000]
    for final in taken:
        known = known.after(final)
    begin_s = max(0.0, known.end_ms - recognizer.context_ms) / 1000
    rest = await transcribed(
        recognizer,
        recording("en-bush-columbia.flac", begin_s, 11.3),
        first_sample=round(begin_s * SAMPLE_RATE),
        known=known,
    )
    said = [normalized(word.text) for final in taken for word in final.words]
    said += [normalized(word.text) for word in rest.words]
    # How a word is heard depends on where the stream begins; that it is there, and once, does not.
    words = jiwer.process_words(whole.text, " ".join(said))
    assert (words.deletions, words.insertions) == (0, 0)
    assert words.substitutions <= 1
    assert [final.index for final in rest.finals] == [known.next_index + at for at in range(len(rest.finals))]


async def test_a_stream_that_is_closed_ends_its_hypotheses(recognizer: Recognizer) -> None:
    async with asyncio.timeout(10):
        async with recognizer.open("en", first_sample=0, final_words=()) as stream:
            hypotheses = stream.hypotheses()
            waiting = asyncio.ensure_future(anext(hypotheses, None))
            await stream.feed(silence(0.096), 0)
        assert await waiting is None
