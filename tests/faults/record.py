"""``python -m tests.faults.record``: gives a short talk without a fault, for the tests of the auditor."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from random import Random

from services.cli.stack import Platform, Ports
from tests.faults.driver import Talk, perform
from tests.faults.faults.fault import Fault
from tests.faults.run import SPEECH

_FOLDER = Path(__file__).parents[1] / "data" / "audit"
_SECONDS = 16.0


async def _record() -> None:
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir()
    talk = Talk(SPEECH / "en-voxpopuli-ivory.flac", _SECONDS, hear=("pt",), read=("es",))
    with tempfile.TemporaryDirectory() as temporary:
        async with Platform(ports=Ports.free(), data=Path(temporary) / "data", logs=Path(temporary)) as platform:
            await perform(platform, Fault(), [talk], random=Random(0), after_s=1.0, folder=_FOLDER)


if __name__ == "__main__":
    asyncio.run(_record())
