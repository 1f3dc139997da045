"""What every fault is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from services.translator.engines import Deadlines
from services.translator.lane import LanePolicy
from services.translator.settings import TranslatorSettings
from tests.faults.scene import Scene

CAPTION_LANES, SPEECH_LANES = 3, 2
"""Lanes of the talks of ``run.WHOLE``: all of them, and those that somebody hears."""
_CAPTION_S = 1.0
"""From one caption of a lane to the next, at least; not of two, but of many. 1.2 s in recorded runs."""
_SHED_S = TranslatorSettings().shed_backlog_s
QUICKLY_S = 10.0
RECOGNIZED_S = 20.0
"""Where what was said meanwhile has to be recognized first."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong in mid-talk. It is over when ``heal`` has returned. By itself: nothing goes wrong."""

    lasts_s: float = 0.0
    """From ``inject`` to ``heal``; 0: it is over at once, and the system gets over it by itself."""

    takes_s: ClassVar[float] = 0.0
    """What ``inject`` and ``heal`` themselves take, about."""
    of_one_talk: ClassVar[bool] = False
    """Whether it concerns the first talk's clients alone: the others, who don't go its way, must notice nothing."""
    at_the_end: ClassVar[bool] = False
    """Whether the talks end while it lasts."""

    @property
    def name(self) -> str:
        """As the table has it."""
        return "none"

    @property
    def most_told(self) -> int:
        """So much may be told of as failed: what it destroys can't be saved. Of one that concerns one talk: of each."""
        return 0

    @property
    def most_missing_s(self) -> float:
        """So much floor audio may be marked as missing, likewise."""
        return 0.0

    @property
    def normal_within_s(self) -> float | None:
        """From its end until captions come as soon as before; None: no limit."""
        return QUICKLY_S

    @property
    def speech_normal_within_s(self) -> float | None:
        """The same of speech, which is heard after all that was said before."""
        return self.normal_within_s

    @property
    def settles_s(self) -> float:
        """So much longer than after others is spoken on, so that it can be seen that all is as before."""
        return 0.0

    @property
    def longer_s(self) -> float:
        """So much longer are talks because of it."""
        return self.takes_s + self.lasts_s + self.settles_s

    @property
    def harms(self) -> bool:
        """Whether it has to have been seen to do so: see ``Scene.harmed``."""
        return self.name != "none"

    @property
    def ground(self) -> str:
        """What it happens on: a key of ``grounds.GROUNDS``."""
        return "ordinary"

    @property
    def commands(self) -> Mapping[str, tuple[str, ...]]:
        """Programs to run as services in place of the services' own."""
        return {}

    @property
    def kept_s(self) -> float | None:
        """How much a speaker's client keeps, if less than usual."""
        return None

    async def happen(self, scene: Scene) -> None:
        """From beginning to end; what was begun is ended in any case, since others come after it. Raises Harmless."""
        try:
            await self.inject(scene)
            await asyncio.sleep(self.lasts_s)
        finally:
            await self.heal(scene)

    async def inject(self, scene: Scene) -> None:
        """Begin. Raises Harmless where it did not do what it is for."""

    async def heal(self, scene: Scene) -> None:
        """End what ``inject`` began, as far as it came."""


def captions_given_up(away_s: float) -> int:
    """While no engine translates: a lane asks for one text at a time, for as long as it waits, then for the next."""
    return CAPTION_LANES * int(away_s // Deadlines.translate_s)


def clips_given_up(away_s: float) -> int:
    """The same while no clip can be made or stored; and where too many wait behind it, what comes then is left out."""
    given_up = int(away_s // min(Deadlines.synthesize_s, Deadlines.store_s))
    return SPEECH_LANES * (given_up + max(0, int(away_s / _CAPTION_S) - LanePolicy.most_clips_waiting))


def left_out(late_s: float) -> int:
    """Speech that would be heard so late is left out, until it no longer would be."""
    return SPEECH_LANES * max(0, int((late_s - _SHED_S) / _CAPTION_S))


@dataclass(frozen=True)
class OfService(Fault):
    """One that happens to a service, or to its engines."""

    service: str = ""

    @property
    def normal_within_s(self) -> float | None:
        return RECOGNIZED_S if self.service == "transcriber" else QUICKLY_S
