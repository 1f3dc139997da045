"""The AWS endpoint: S3 or DynamoDB refuses or resets, URLs expire, all of it is slow, or can't be reached."""

from dataclasses import dataclass

from tests.faults.faults.fault import RECOGNIZED_S, Fault, clips_given_up
from tests.faults.scene import Scene

_BODY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)
_AWAY_BODY = b'{"__type":"ServiceUnavailable","message":"The service is not available."}'
_AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s"
)
_EXPIRED_BODY = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
_EXPIRED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)


@dataclass(frozen=True)
class OfStore(Fault):
    """One in which no clip can be stored."""

    @property
    def most_told(self) -> int:
        return clips_given_up(self.lasts_s)


@dataclass(frozen=True)
class StoreRefuses(OfStore):
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
class StoreGivesNothing(Fault):
    """S3 has the clips and gives none: 503. Listeners ask again for up to 15 s."""

    lasts_s: float = 8.0

    @property
    def name(self) -> str:
        return f"S3: answers gets with 503 for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        before = scene.to_aws.harmed
        scene.to_aws.answers = lambda sent: _SLOW_DOWN % (len(_BODY), _BODY) if sent.startswith(b"GET ") else None
        await scene.see(lambda: scene.to_aws.harmed > before, "a clip was refused", self.lasts_s)

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
class Unreachable(OfStore):
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


@dataclass(frozen=True)
class StoreResets(OfStore):
    """Connections that bring S3 an object are reset."""

    lasts_s: float = 15.0

    @property
    def name(self) -> str:
        return f"S3: resets puts for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        scene.to_aws.resets = lambda sent: sent.startswith(b"PUT ")

    async def heal(self, scene: Scene) -> None:
        scene.to_aws.resets = lambda _: False


@dataclass(frozen=True)
class SessionsReset(Fault):
    """Connections that ask DynamoDB are reset, while speakers come back and need it."""

    lasts_s: float = 10.0

    @property
    def name(self) -> str:
        return f"DynamoDB: resets for {self.lasts_s:g} s, while speakers connect again"

    @property
    def normal_within_s(self) -> float | None:
        """What they kept has to be recognized first."""
        return RECOGNIZED_S

    async def inject(self, scene: Scene) -> None:
        before = scene.to_aws.harmed
        scene.to_aws.resets = lambda sent: b"DynamoDB_" in sent
        scene.to_ingest.cut()
        await scene.see(lambda: scene.to_aws.harmed > before, "a request was reset", self.lasts_s)

    async def heal(self, scene: Scene) -> None:
        scene.to_aws.resets = lambda _: False


@dataclass(frozen=True)
class SessionsAway(SessionsReset):
    """DynamoDB answers 503 to them."""

    @property
    def name(self) -> str:
        return f"DynamoDB: answers 503 for {self.lasts_s:g} s, while speakers connect again"

    async def inject(self, scene: Scene) -> None:
        before = scene.to_aws.harmed
        scene.to_aws.answers = lambda sent: _AWAY % (len(_AWAY_BODY), _AWAY_BODY) if b"DynamoDB_" in sent else None
        scene.to_ingest.cut()
        await scene.see(lambda: scene.to_aws.harmed > before, "a request was refused", self.lasts_s)

    async def heal(self, scene: Scene) -> None:
        scene.to_aws.answers = lambda _: None


@dataclass(frozen=True)
class Expired(Fault):
    """URLs of clips have expired when they are used: 403, until each was signed again."""

    lasts_s: float = 8.0

    @property
    def name(self) -> str:
        return f"S3: URLs expired at the moment of use, for {self.lasts_s:g} s"

    async def inject(self, scene: Scene) -> None:
        used: set[bytes] = set()

        def refuse_once(sent: bytes) -> bytes | None:
            path = sent.split(b"?", 1)[0]
            if b"X-Amz-Signature=" not in sent.split(b"\r\n", 1)[0] or path in used:
                return None
            used.add(path)
            return _EXPIRED % (len(_EXPIRED_BODY), _EXPIRED_BODY)

        scene.to_aws.answers = refuse_once
        before = scene.to_aws.harmed
        await scene.see(lambda: scene.to_aws.harmed > before, "a URL was refused", self.lasts_s)

    async def heal(self, scene: Scene) -> None:
        scene.to_aws.answers = lambda _: None


ALL: tuple[Fault, ...] = (
    StoreRefuses(),
    StoreResets(),
    StoreGivesNothing(),
    SessionsReset(),
    SessionsAway(),
    Expired(),
    Slow(),
    Unreachable(),
)
