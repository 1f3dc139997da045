"""``python -m tests.bench.sessions.transcriber``: the transcriber with recorded recognizer output."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.lifecycle import run
from services.common.settings import load_or_exit
from services.transcriber.__main__ import serve
from services.transcriber.ports import Recognizer
from services.transcriber.settings import TranscriberSettings
from tests.bench.sessions.recognizer import RecordedRecognizer
from tests.bench.sessions.recording import load


@asynccontextmanager
async def _recorded(_: TranscriberSettings) -> AsyncIterator[Recognizer]:
    yield RecordedRecognizer(load())


if __name__ == "__main__":
    settings = load_or_exit(TranscriberSettings)
    run(lambda service: serve(service, settings, _recorded), "transcriber", settings)
