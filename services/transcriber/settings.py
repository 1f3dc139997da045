"""What the transcriber needs to know; every field is an environment variable, see ``services/common/settings.py``."""

from typing import Literal

from services.common.home import home
from services.common.languages import EngineSet
from services.common.settings import Port, PositiveInt, Seconds, Settings
from services.transcriber.local.tuning import Tuning

Stability = Literal["high", "medium", "low"]
"""How early Transcribe calls words of a partial stable."""


class TranscriberSettings(Settings, frozen=True, kw_only=True):
    """Defaults fit one machine."""

    transcriber_port: Port = 18082
    recognizer: EngineSet = "local"
    """Which adapter serves the port ``Recognizer``."""
    recognizer_streams: PositiveInt = 8
    """Sessions recognized at once in this process; more are refused, not slowed down."""
    whisper_model: str = str(home() / "models" / "whisper-base")
    """Folder of the model in CTranslate2's form."""
    whisper_workers: PositiveInt = 2
    """Processes that decode, one thread each."""
    whisper_deadline_s: Seconds = 5.0
    """A decode that takes longer is given up, and its process replaced."""
    recognizer_step_s: Seconds = Tuning.step_s
    """New speech between two decodes of the local recognizer: smaller is faster and costs more."""
    transcribe_stability: Stability = "high"
    """aws: how soon Transcribe calls words stable, against accuracy."""
    transcribe_endpoint: str = ""
    """aws: where Transcribe is, if not at the region's own endpoint."""
