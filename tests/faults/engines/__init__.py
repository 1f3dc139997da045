"""Engines that do as they are told, for the services of a run: errors, throttling, nonsense.

python -m tests.faults.engines.transcriber    # the service, with its own engine behind one that spoils its results
"""

from dataclasses import dataclass
from pathlib import Path

from services.common.errors import EngineUnavailable, Overloaded

ORDERS = "FAULTS_ENGINE_ORDERS"
"""Environment variable: the file with what is to go wrong."""


@dataclass(frozen=True)
class Orders:
    """What is to go wrong, and how often it has: two small files, since services are processes of their own."""

    path: Path

    def give(self, order: str) -> None:
        """From now on."""
        self.path.write_text(order)

    def withdraw(self) -> None:
        self.path.unlink(missing_ok=True)

    @property
    def current(self) -> str:
        """Empty: all is to be well."""
        try:
            return self.path.read_text()
        except FileNotFoundError:
            return ""

    def fail(self) -> None:
        """Raises what an engine is to fail with now, if it is to."""
        match self.current:
            case "errors":
                self.done()
                raise EngineUnavailable("it was told to fail")
            case "throttled":
                self.done()
                raise Overloaded("it was told that its quota is used up")

    def done(self) -> None:
        """It went wrong once more."""
        with self._done.open("a") as file:
            file.write(".")

    @property
    def times(self) -> int:
        """How often it went wrong."""
        return self._done.stat().st_size if self._done.exists() else 0

    @property
    def _done(self) -> Path:
        return self.path.with_suffix(".done")
