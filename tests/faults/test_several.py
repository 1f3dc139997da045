"""Several faults one after the other: each is ended as it began, and what happened is known."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.faults.faults import EACH
from tests.faults.faults.fault import Fault
from tests.faults.faults.several import Several, _happen
from tests.faults.scene import Harmless, Scene


@dataclass
class Nothing:
    """As much of a scene as these faults need."""

    ran: list[str]
    proofs: list[Any]


@dataclass(frozen=True)
class Noted(Fault):
    """What is done with it."""

    called: str = ""
    harmless: bool = False
    done: Any = None

    @property
    def name(self) -> str:
        return self.called

    async def inject(self, scene: Scene) -> None:
        self.done.append(f"{self.called} begins")
        if self.harmless:
            raise Harmless("nothing to harm")

    async def heal(self, scene: Scene) -> None:
        self.done.append(f"{self.called} ends")


@pytest.mark.parametrize("harmless", [False, True])
async def test_each_is_ended_and_only_what_happened_is_noted(harmless: bool) -> None:
    done: list[str] = []
    scene = Nothing([], [("it came back", lambda: False)])
    await _happen(Noted(called="one", harmless=harmless, done=done), cast(Scene, scene))
    assert done == ["one begins", "one ends"]
    assert scene.ran == ([] if harmless else ["one"])
    assert not scene.proofs


def test_none_is_begun_that_needs_other_ground_other_services_or_other_clients() -> None:
    names = {fault.name for fault in EACH if Several()._can_be(fault, within_s=40.0)}
    assert "translator: kill -9 in the drain" in names
    assert "broker: kill -9, back after 0 s" in names
    assert "broker: kill -9, back after 60 s" not in names
    assert not {name for name in names if name.startswith(("three brokers", "broker: disk")) or "engine:" in name}
    assert "speakers: cut off for 12 s with room for 5 s" not in names
