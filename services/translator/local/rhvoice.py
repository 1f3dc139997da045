"""RHVoice in process: Brazilian Portuguese; a 5.6 s clip takes 150 ms.

Its libraries and voices are in the state folder, where set-up unpacks them from Debian's packages.
"""

import ctypes
from pathlib import Path

from rhvoice_wrapper.rhvoice_proxy import Engine

from services.common.errors import EngineUnavailable
from services.common.home import home
from services.translator.local.sound import Samples, from_s16

_LIBRARIES = ("libsonic.so.0", "libRHVoice_core.so.7", "libRHVoice.so.5")
"""In the order in which they need each other."""
_BYTES_PER_SAMPLE = 2
_GO_ON = 1


def folder() -> Path:
    """Where set-up puts ``lib`` and ``data``."""
    return home() / "rhvoice"


def installed() -> bool:
    """Whether libraries and voices are there."""
    return all((folder() / "lib" / name).exists() for name in _LIBRARIES) and any(
        (folder() / "data" / "voices").glob("*")
    )


class RHVoice:
    """Not thread-safe."""

    def __init__(self) -> None:
        """Raises EngineUnavailable where it isn't installed."""
        self._pcm = bytearray()
        self._rate = 0
        try:
            for name in _LIBRARIES:  # loaded by path, since the folder is not on the linker's path
                ctypes.CDLL(str(folder() / "lib" / name), mode=ctypes.RTLD_GLOBAL)
            self._engine = Engine(str(folder() / "lib" / _LIBRARIES[-1]))
            self._engine.init(
                self._take_samples,
                self._take_rate,
                data_path=str(folder() / "data"),
                config_path=str(folder()),
            )
        except (OSError, RuntimeError) as fault:
            raise EngineUnavailable(f"RHVoice: {fault}") from fault

    @property
    def voices(self) -> frozenset[str]:
        """Names in lower case, as the language table has them."""
        return frozenset(self._engine.voices)

    def speak(self, text: str, voice: str, rate: float) -> tuple[Samples, int]:
        """Samples and their rate. voice: such as ``letícia-f123``."""
        self._pcm.clear()
        self._engine.generate(text, self._engine.params.copy_with({"voice_profile": voice, "relative_rate": rate}))
        return from_s16(bytes(self._pcm)), self._rate

    def _take_samples(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        self._pcm += ctypes.string_at(samples, count * _BYTES_PER_SAMPLE)
        return _GO_ON

    def _take_rate(self, rate: int, _: object) -> int:
        self._rate = rate
        return _GO_ON
