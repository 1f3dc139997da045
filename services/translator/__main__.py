"""The translator: ``transcripts`` in, speech in S3 and ``translations`` out. ``python -m services.translator``."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from services.common.audience import AudienceView
from services.common.clock import steady_ms
from services.common.http import Server
from services.common.kafka import Cluster, LogReader, process_partitions
from services.common.lifecycle import Service, run
from services.common.settings import load_or_exit
from services.common.telemetry import open_traces
from services.common.topics import AUDIENCE, TRANSCRIPTS, TRANSLATIONS
from services.common.writing import is_spaced
from services.translator.chunker import Chunker
from services.translator.clause import Clause, ClausePolicy
from services.translator.engines import Deadlines, Engines
from services.translator.lane import LanePolicy
from services.translator.phrases import RememberingSynthesizer, RememberingTranslator
from services.translator.playhead import Pace
from services.translator.ports import Synthesizer, Translator
from services.translator.processor import TranslationProcessor
from services.translator.rolling import Rolling, RollingPolicy
from services.translator.sentences import Sentences
from services.translator.session import MakeChunker, Workshop, untraced
from services.translator.settings import TranslatorSettings
from services.translator.store import S3ClipStore

_SPEECH_PATIENCE_S = 1.0
"""Speech that would wait longer for its turn is left out; captions wait as long as a translation may take."""


OpenAdapters = Callable[[TranslatorSettings], AbstractAsyncContextManager[tuple[Translator, Synthesizer]]]


@asynccontextmanager
async def open_adapters(settings: TranslatorSettings) -> AsyncIterator[tuple[Translator, Synthesizer]]:
    """Those that the settings choose; an image has the packages of one kind only. Raises EngineError, SettingsError."""
    match settings.translator_engines:
        case "local":
            from services.translator.local.synthesize import LocalSynthesizer
            from services.translator.local.translate import LocalTranslator

            async with (
                LocalTranslator.open(workers=settings.translation_workers) as translator,
                LocalSynthesizer.open(workers=settings.voice_workers) as synthesizer,
            ):
                yield translator, synthesizer
        case "aws":
            from services.translator.aws.polly import AmazonSynthesizer
            from services.translator.aws.style import Style
            from services.translator.aws.translate import AmazonTranslator

            style = Style(
                formality=settings.translate_formality,
                mask_profanity=settings.translate_mask_profanity,
                brevity=settings.translate_brevity,
                terminology=settings.translate_terminology,
            )
            async with (
                AmazonTranslator.open(
                    style, per_s=settings.translate_calls_per_s, patience_s=settings.translate_deadline_s
                ) as translator,
                AmazonSynthesizer.open(
                    settings.polly_format, per_s=settings.polly_calls_per_s, patience_s=_SPEECH_PATIENCE_S
                ) as synthesizer,
            ):
                yield translator, synthesizer


async def serve(service: Service, settings: TranslatorSettings, open_own: OpenAdapters = open_adapters) -> None:
    """Run until the service is told to stop."""
    server = Server(
        service,
        host=settings.host,
        port=settings.translator_port,
        port_variable="DRAGOMAN_TRANSLATOR_PORT",
    )
    cluster = Cluster.of(settings)
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as parts:
        tasks.create_task(server.run())
        traces = await parts.enter_async_context(open_traces(settings.traces_endpoint, settings.instance))
        engines = await parts.enter_async_context(open_engines(settings, open_own))
        audience = AudienceView()
        reader = await parts.enter_async_context(
            LogReader.open(cluster, [AUDIENCE], client_id=f"translator-{settings.instance}-audience")
        )
        following = tasks.create_task(audience.run(reader.follow()))
        await reader.caught_up()
        service.ready_when("audience", lambda: reader.flows)
        workshop = Workshop(
            engines=engines,
            make_chunker=chunking(settings),
            policy=LanePolicy(
                pace=Pace(most=settings.max_rate, most_far_behind=settings.max_rate_far_behind),
                shed_backlog_ms=settings.shed_backlog_s * 1000,
            ),
            audience=audience,
            clock=steady_ms,
            traced=traces.published if traces else untraced,
        )
        service.started()
        await process_partitions(
            cluster=cluster,
            service="translator",
            instance=settings.instance,
            source=TRANSCRIPTS,
            output=TRANSLATIONS,
            make=lambda partition, outbox: TranslationProcessor(outbox, workshop),
            drain=service.stopping,
            ready_when=service.ready_when,
        )
        following.cancel()


@asynccontextmanager
async def open_engines(settings: TranslatorSettings, open_own: OpenAdapters = open_adapters) -> AsyncIterator[Engines]:
    """The engines and the store, ready to work."""
    async with S3ClipStore.open(settings.clips_bucket) as store, open_own(settings) as (translator, synthesizer):
        yield Engines(
            translator=RememberingTranslator(translator, settings.cached_phrases),
            synthesizer=RememberingSynthesizer(synthesizer, settings.cached_clips_mb * 1_000_000),
            store=store,
            deadlines=Deadlines(
                translate_s=settings.translate_deadline_s,
                synthesize_s=settings.synthesize_deadline_s,
                store_s=settings.store_deadline_s,
            ),
        )


def chunking(settings: TranslatorSettings) -> MakeChunker:
    """The policy that the settings choose."""
    rolling = RollingPolicy(
        just_in_time_ms=settings.just_in_time_s * 1000,
        force_ms=settings.force_s * 1000,
        held_back=settings.held_back_words,
        least_words=settings.least_words,
    )
    clause = ClausePolicy(age_ms=settings.clause_age_s * 1000)

    def make(sentences: Sentences, language: str) -> Chunker:
        if settings.chunking == "clause" or not is_spaced(language):  # without words that two translations agree on
            return Clause(sentences, clause)
        return Rolling(sentences, rolling)

    return make


if __name__ == "__main__":
    _settings = load_or_exit(TranslatorSettings)
    run(lambda service: serve(service, _settings), "translator", _settings)
