"""The transcriber: ``audio`` in, ``transcripts`` out. ``python -m services.transcriber``."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from services.common.http import Server
from services.common.kafka import Cluster, process_partitions
from services.common.lifecycle import Service, run
from services.common.settings import load_or_exit
from services.common.topics import AUDIO, TRANSCRIPTS
from services.transcriber.ports import Recognizer
from services.transcriber.processor import Transcriber
from services.transcriber.settings import TranscriberSettings
from services.transcriber.streams import Limits, Streams

OpenRecognizer = Callable[[TranscriberSettings], AbstractAsyncContextManager[Recognizer]]


def open_recognizer(settings: TranscriberSettings) -> AbstractAsyncContextManager[Recognizer]:
    """The adapter that the settings choose, ready to work within the block. Raises EngineError, SettingsError.

    An image has the packages of one adapter only.
    """
    match settings.recognizer:
        case "local":
            from services.transcriber.local.recognizer import LocalRecognizer
            from services.transcriber.local.tuning import Tuning

            return LocalRecognizer.load(
                settings.whisper_model,
                workers=settings.whisper_workers,
                deadline_s=settings.whisper_deadline_s,
                tuning=Tuning(step_s=settings.recognizer_step_s),
            )
        case "aws":
            from services.transcriber.aws.recognizer import AmazonRecognizer

            return AmazonRecognizer.load(endpoint=settings.transcribe_endpoint, stability=settings.transcribe_stability)


async def serve(service: Service, settings: TranscriberSettings, open_engine: OpenRecognizer = open_recognizer) -> None:
    """Run until the service is told to stop."""
    server = Server(
        service,
        host=settings.host,
        port=settings.transcriber_port,
        port_variable="DRAGOMAN_TRANSCRIBER_PORT",
    )
    cluster = Cluster.of(settings)
    streams = Streams(settings.recognizer_streams)
    limits = Limits()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.run())
        async with open_engine(settings) as recognizer:
            service.started()
            await process_partitions(
                cluster=cluster,
                service="transcriber",
                instance=settings.instance,
                source=AUDIO,
                output=TRANSCRIPTS,
                make=lambda partition, outbox: Transcriber(recognizer, outbox, streams, limits),
                drain=service.stopping,
                ready_when=service.ready_when,
            )


if __name__ == "__main__":
    _settings = load_or_exit(TranscriberSettings)
    run(lambda service: serve(service, _settings), "transcriber", _settings)
