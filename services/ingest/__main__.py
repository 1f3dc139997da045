"""``python -m services.ingest``."""

from functools import partial

from services.common.lifecycle import run
from services.common.settings import load_or_exit
from services.ingest.app import serve
from services.ingest.settings import IngestSettings

if __name__ == "__main__":
    settings = load_or_exit(IngestSettings)
    run(partial(serve, settings=settings), "ingest", settings)
