"""The AWS endpoint: S3 refuses, all of it is slow, or can't be reached."""

from dataclasses import dataclass

from tests.faults.faults.fault import Fault
from tests.faults.scene import Scene

_BODY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)


@dataclass(frozen=True)
class StoreRefuses(Fault):
    """S3 takes no object: 503."""

    lasts_s: float = 15.0

    @property
    def name(self) -> str:
        return f"S3: answers puts with 503 for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.to_aws.answers = lambda sent: _SLOW_DOWN % (len(_BODY), _BODY) if sent.startswith(b"PUT ") else None

    async def heal(self, scene: Scene) -> None:
        scene.to_aws.answers = lambda _: None


@dataclass(frozen=True)
class Slow(Fault):
    """Every answer takes longer."""

    lasts_s: float = 15.0
    delay_s: float = 0.4

    @property
    def name(self) -> str:
        return f"AWS endpoint: {2 * self.delay_s:g} s slower for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.to_aws.delay_s = self.delay_s

    async def heal(self, scene: Scene) -> None:
        scene.to_aws.delay_s = 0.0


@dataclass(frozen=True)
class Unreachable(Fault):
    """Connections are reset, new ones too; listeners can't fetch either."""

    lasts_s: float = 10.0

    @property
    def name(self) -> str:
        return f"AWS endpoint: unreachable for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.to_aws.refuses = True
        scene.to_aws.cut()

    async def heal(self, scene: Scene) -> None:
        scene.to_aws.refuses = False


ALL: tuple[Fault, ...] = (StoreRefuses(), Slow(), Unreachable())
