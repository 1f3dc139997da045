"""What can't be saved: a speaker's machine dies with what it had not sent, or is cut off for longer than it keeps."""

import asyncio
from dataclasses import dataclass

from services.cli.clients.connection import LONGEST_WAIT_S
from tests.faults.faults.fault import RECOGNIZED_S, Fault
from tests.faults.scene import Scene

_LITTLE_S = 1.0
"""What an acknowledgement or a start takes."""


@dataclass(frozen=True)
class Unsaved(Fault):
    """What the first talk's speaker's client had and nobody else goes; the rest has to be recognized first."""

    of_one_talk = True
    most_told = 2
    """One mark, and the words in it."""
    normal_within_s = RECOGNIZED_S


@dataclass(frozen=True)
class Dies(Unsaved):
    """Cut off for a while, then it is gone with what it had captured; another takes its place, as after a reload."""

    lasts_s: float = 6.0
    unsent_s: float = 2.0

    @property
    def name(self) -> str:
        return f"speakers' machines: die with {self.unsent_s:g} s unsent, back after {self.lasts_s:g} s"

    @property
    def most_missing_s(self) -> float:
        """What it had not sent or had no acknowledgement of, and what was said until another took its place."""
        return self.unsent_s + self.lasts_s + _LITTLE_S

    async def inject(self, scene: Scene) -> None:
        scene.to_ingest.refuses = True
        scene.to_ingest.cut()
        await asyncio.sleep(self.unsent_s)
        scene.crash_speakers()

    async def heal(self, scene: Scene) -> None:
        scene.to_ingest.refuses = False
        scene.revive_speakers()


@dataclass(frozen=True)
class OutOfRoom(Unsaved):
    """Cut off for longer than a client keeps audio."""

    lasts_s: float = 12.0

    @property
    def name(self) -> str:
        return f"speakers: cut off for {self.lasts_s:g} s with room for {self.kept_s:g} s"

    @property
    def kept_s(self) -> float:
        return 5.0

    @property
    def most_missing_s(self) -> float:
        """Until it has tried again, which it does at intervals by then."""
        return self.lasts_s - self.kept_s + LONGEST_WAIT_S + _LITTLE_S

    async def inject(self, scene: Scene) -> None:
        scene.to_ingest.refuses = True
        scene.to_ingest.cut()

    async def heal(self, scene: Scene) -> None:
        scene.to_ingest.refuses = False


ALL: tuple[Fault, ...] = (Dies(), OutOfRoom())
