"""What every ``Synthesizer`` must do, on every adapter."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import numpy as np
import pytest
import pytest_asyncio
import soundfile

from services.common.errors import EngineRejected
from services.common.languages import LANGUAGES
from services.translator.aws.polly import AmazonSynthesizer
from services.translator.aws.style import AudioFormat
from services.translator.local import pico, rhvoice
from services.translator.local.synthesize import LocalSynthesizer
from services.translator.ports import Clip, Synthesizer
from tests.standins.polly import PollyStandIn
from tests.standins.rest import served

pytestmark = pytest.mark.asyncio(loop_scope="module")

local = partial(LocalSynthesizer.open, deadline_s=20)
TEXT = "Esta es una casa grande, y hoy la vamos a ver."
of_local_engines = pytest.mark.parametrize("synthesizer", [local], ids=["local"], indirect=True)
VOICED = sorted(code for code, language in LANGUAGES.items() if language.local.voice)


@asynccontextmanager
async def amazon(audio_format: AudioFormat) -> AsyncIterator[Synthesizer]:
    async with (
        served(PollyStandIn()),
        AmazonSynthesizer.open(audio_format, per_s=1000, patience_s=4) as synthesizer,
    ):
        yield synthesizer


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[local, lambda: amazon("mp3"), lambda: amazon("ogg_opus")],
    ids=["local", "aws-mp3", "aws-opus"],
)
async def synthesizer(request: pytest.FixtureRequest) -> AsyncIterator[Synthesizer]:
    async with request.param() as adapter:
        yield adapter


def decoded(clip: Clip) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], int]:
    samples, rate = soundfile.read(io.BytesIO(clip.audio))
    return samples, rate


@pytest.mark.parametrize("language", VOICED)
async def test_a_clip_is_as_long_as_it_says(synthesizer: Synthesizer, language: str) -> None:
    clip = await synthesizer.synthesize(TEXT, language, 1.0)
    samples, rate = decoded(clip)
    assert clip.duration_ms == pytest.approx(1000 * len(samples) / rate, abs=0.001)
    assert 1500 < clip.duration_ms < 6000


@of_local_engines
@pytest.mark.parametrize("language", VOICED)
async def test_a_clip_has_no_silence_around_it_and_the_common_loudness(synthesizer: Synthesizer, language: str) -> None:
    samples, rate = decoded(await synthesizer.synthesize(TEXT, language, 1.0))
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    assert loud[0] / rate < 0.06
    assert (len(samples) - loud[-1]) / rate < 0.12
    assert np.max(np.abs(samples)) < 0.95
    level = 20 * np.log10(np.sqrt(np.mean(samples[np.abs(samples) > 0.01] ** 2)))
    assert -24 < level < -16


@pytest.mark.parametrize("language", VOICED)
async def test_a_faster_clip_is_shorter_by_as_much(synthesizer: Synthesizer, language: str) -> None:
    plain = await synthesizer.synthesize(TEXT, language, 1.0)
    fast = await synthesizer.synthesize(TEXT, language, 1.5)
    assert plain.duration_ms / fast.duration_ms == pytest.approx(1.5, rel=0.15)


@of_local_engines
async def test_the_table_s_voices_are_the_engines_own(synthesizer: Synthesizer) -> None:
    assert synthesizer.languages == set(VOICED)
    spoken = rhvoice.RHVoice().voices
    for code in VOICED:
        engine, _, name = (LANGUAGES[code].local.voice or "").partition(":")
        assert name in (pico.VOICES if engine == "pico" else spoken), code
        if engine == "pico":
            assert name.startswith(code)


async def test_a_language_without_a_voice_is_rejected(synthesizer: Synthesizer) -> None:
    with pytest.raises(EngineRejected):
        await synthesizer.synthesize("Bo día.", "gl", 1.0)


@pytest.mark.parametrize("text", ["", " ", "...", "😀", "9" * 200, "a" * 5000, "palabra " * 500])
@pytest.mark.parametrize("language", ["es", "pt"])
async def test_what_can_t_be_said_is_rejected_or_said_in_part_but_never_sticks(
    synthesizer: Synthesizer, text: str, language: str
) -> None:
    async with asyncio.timeout(30):
        try:
            clip = await synthesizer.synthesize(text, language, 1.0)
        except EngineRejected:
            return
    assert 0 < clip.duration_ms < 60_000


async def test_an_engine_s_own_mark_up_is_not_obeyed(synthesizer: Synthesizer) -> None:
    plain = await synthesizer.synthesize("speed level='20' hola mundo /speed", "es", 1.0)
    marked = await synthesizer.synthesize("<speed level='20'>hola mundo</speed>", "es", 1.0)
    assert marked.duration_ms == pytest.approx(plain.duration_ms, rel=0.1)  # words like any others
